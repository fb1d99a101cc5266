import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { FileTarget, LogOutput, type LogTarget } from '../../../plugins/http/log-output.js'
import { streamTo } from '../../../plugins/http/logs.js'

/** A target that fails and works as it is told, and writes when it is told. */
class Fickle implements LogTarget {
  readonly written: string[] = []
  readonly #pending: (() => void)[] = []
  isBroken = false

  write(text: string, done: (error?: Error | null) => void): void {
    this.#pending.push(() => {
      if (this.isBroken) return done(new Error('broken'))
      this.written.push(text)
      done()
    })
  }

  writeLast(text: string): void {
    this.written.push(text)
  }

  /** Does what is waiting. */
  flush(): void {
    while (this.#pending.length > 0) this.#pending.shift()?.()
  }
}

t.test('what was lost is counted, and told once lines can be written again', async (t) => {
  const target = new Fickle()
  const warnings: string[] = []
  const output = new LogOutput(target, (line) => warnings.push(line))
  const stream = streamTo(output, (line) => line)
  target.isBroken = true
  for (const line of ['one\n', 'two\n', 'three\n']) stream.write(line)
  target.flush()
  t.same(warnings, ["the log can't be written (broken): the server goes on without it"])
  target.isBroken = false
  stream.write('four\n')
  target.flush()
  stream.write('five\n')
  target.flush()
  const [four, lost, five] = target.written.join('').trim().split('\n')
  t.equal(four, 'four')
  t.match(JSON.parse(lost ?? ''), { level: 40, lost: 3, msg: '3 lines of the log are lost' })
  t.equal(five, 'five')
  target.isBroken = true
  stream.write('six\n')
  target.flush()
  t.equal(warnings.length, 1, 'it warns once')
})

t.test('lines that nobody takes do not gather for ever', async (t) => {
  const target = new Fickle()
  const output = new LogOutput(target, () => {})
  const stream = streamTo(output, (line) => line)
  const line = `${'x'.repeat(1023)}\n`
  for (let count = 0; count < 3000; count++) stream.write(line)
  target.flush()
  t.equal(target.written.join('').length, 1025 * 1024, 'the first, and as much as may wait')
  stream.write('more\n')
  target.flush()
  t.match(target.written.join(''), /"lost":1975,.*\nmore\n$/)
})

t.test('the end waits for what is being written, but not for ever', async (t) => {
  const target = new Fickle()
  const output = new LogOutput(target, () => {})
  await output.settled()
  output.write('one\n')
  await output.settled(1)
  t.same(target.written, [])
  const settled = output.settled(60_000)
  output.write('two\n')
  output.end()
  t.same(target.written, ['two\n'])
  target.flush()
  await settled
})

t.test('a line is written to its end', async (t) => {
  const path = join(t.testdir(), 'log')
  const file = await open(path, 'w')
  t.teardown(() => file.close())
  const target = new FileTarget(file.fd)
  await new Promise<void>((resolve, reject) => {
    target.write('one\n', (error) => (error ? reject(error) : resolve()))
  })
  target.writeLast('two\n')
  t.equal(await readFile(path, 'utf8'), 'one\ntwo\n')
})

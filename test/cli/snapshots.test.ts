import { readFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { takeSnapshots } from '../../cli/snapshots.js'

t.test('s and Enter write the state', async (t) => {
  const folder = t.testdir({})
  const input = new PassThrough()
  const line = () => new Promise<string>((resolve) => said.push(resolve))
  const said: ((line: string) => void)[] = []
  const say = (text: string) => said.shift()?.(text)
  const state = { posts: [{ id: 1 }] }
  t.teardown(takeSnapshots(folder, async () => state, input, say))
  const first = line()
  input.write('x\ns\n')
  const [, file = ''] = /^the state is in (\S+\/db-[\dTZ-]+\.json)$/.exec(await first) ?? []
  t.same(JSON.parse(await readFile(file, 'utf8')), state)

  const lost = new PassThrough()
  t.teardown(takeSnapshots(`${folder}/none`, async () => state, lost, say))
  const second = line()
  lost.write('s\n')
  t.match(await second, /^no snapshot could be written into .* \(no such file\)$/)
})

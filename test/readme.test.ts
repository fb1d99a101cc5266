import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT, startProcess } from './fixtures/process.js'

interface Step {
  readonly command: string
  readonly expected: string
}

/** The commands of the README's console blocks, in their order, with what the README says they print. */
function stepsIn(readme: string): Step[] {
  return [...readme.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [, command = '', expected = ''] = /^((?:.*\\\n)*.*\n)([\s\S]*)$/.exec(step) ?? []
        return { command, expected: expected.trim() }
      }),
  )
}

/** Moments and the ids of plans differ from run to run. */
function timeless(text: string): string {
  return text
    .replace(/http:\/\/[\w.]+:\d+/g, 'http://localhost:3000')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a moment')
    .replace(/\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT/g, 'a moment')
    .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'an id')
    .trim()
}

t.test("the README's calls print what it says", async (t) => {
  const steps = stepsIn(await readFile(`${ROOT}/README.md`, 'utf8'))
  t.ok(steps.length > 10)
  const { url } = await startProcess(t)
  const end = '--- end of a step ---'
  const script = steps
    .map(({ command }) => `${command}\necho; echo '${end}'\n`)
    .join('')
    .replaceAll('http://localhost:3000', url)
    .replaceAll('npx slipway', 'node dist/cli/main.js')
  const { stdout } = await promisify(execFile)('bash', ['-ec', script], { cwd: ROOT })
  const printed = stdout.split(`${end}\n`)
  for (const [index, { command, expected }] of steps.entries()) {
    if (expected === '') continue
    t.equal(timeless(printed[index] ?? ''), timeless(expected), command)
  }
})

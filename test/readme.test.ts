import { readFile } from 'node:fs/promises'
import t from 'tap'
import { runSteps, stepsIn } from './fixtures/console.js'
import { ROOT, startProcess } from './fixtures/process.js'

/** Addresses, moments and the ids of plans differ from run to run. */
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
  const adapt = (command: string) =>
    command
      .replaceAll('http://localhost:3000', url)
      .replaceAll('npx slipway', 'node dist/cli/main.js')
  const printed = await runSteps(t, steps, ROOT, adapt)
  for (const [index, { command, expected }] of steps.entries()) {
    if (expected === '') continue
    t.equal(timeless(printed[index] ?? ''), timeless(expected), command)
  }
})

import { readFile } from 'node:fs/promises'
import t from 'tap'
import { runSteps, stepsIn } from '../fixtures/console.js'
import { ROOT, startProcess } from '../fixtures/process.js'

/** Moments differ from run to run. */
function timeless(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a moment').trim()
}

t.test("the calls of the page on one's own data print what it says", async (t) => {
  const page = await readFile(`${ROOT}/docs/collections.md`, 'utf8')
  const [, data = ''] = /^```json\n(.*?)^```$/ms.exec(page) ?? []
  const folder = t.testdir({ 'db.json': data })
  const { url } = await startProcess(t, [`${folder}/db.json`])
  const steps = stepsIn(page)
  t.ok(steps.length > 10)
  const printed = await runSteps(t, steps, ROOT, (command) =>
    command.replaceAll('http://localhost:3000', url),
  )
  for (const [index, { command, expected }] of steps.entries()) {
    if (expected === '') continue
    t.equal(timeless(printed[index] ?? ''), timeless(expected), command)
  }
})

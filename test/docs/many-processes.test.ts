import { readFile } from 'node:fs/promises'
import t from 'tap'
import { runSteps, stepsIn } from '../fixtures/console.js'
import { freePort } from '../fixtures/ports.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { ROOT } from '../fixtures/process.js'

t.test(
  'the commands of the page on many processes do what it says',
  { skip: NO_POSTGRES },
  async (t) => {
    const page = await readFile(`${ROOT}/docs/many-processes.md`, 'utf8')
    const steps = stepsIn(page)
    t.ok(steps.length > 12)
    const { url } = await startPostgres(t)
    const ports = new Map<string, number>()
    for (const port of ['3001', '3002', '3003']) ports.set(port, await freePort())
    const adapt = (command: string) =>
      [...ports]
        .reduce((text, [port, free]) => text.replaceAll(port, String(free)), command)
        .replace('postgres://slipway:secret@localhost:5432/slipway', url)
        .replaceAll('npx slipway', `node ${ROOT}/dist/cli/main.js`)
    const printed = await runSteps(t, steps, t.testdir({}), adapt)
    for (const [index, { command, expected }] of steps.entries()) {
      if (expected !== '') t.equal(printed[index]?.trim(), expected, command)
    }
  },
)

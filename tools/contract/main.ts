import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { NO_POSTGRES } from '../../test/fixtures/postgres.js'
import { BenchPostgres } from '../bench/postgres.js'
import { install, PythonMissing } from './install.js'
import { PHASES, ROLES, runSchemathesis, SUBJECTS } from './run.js'

/** How long the runs of `--long` take together, in seconds. */
const LONG = 3600

/** One for each role, so that two cores have something to do until the end. */
const AT_ONCE = ROLES.length

/** What ends a script that could not do its work here, as Automake has it. */
const SKIPPED = 77

const { values } = parseArgs({
  options: { long: { type: 'boolean', default: false }, seed: { type: 'string' } },
})

try {
  const command = install()
  if (NO_POSTGRES) process.stdout.write(`SKIPPED: ${NO_POSTGRES}. No database was tested.\n`)
  const postgres = NO_POSTGRES ? undefined : await BenchPostgres.start()
  process.exitCode = await test(command, postgres?.url)
  await postgres?.remove()
} catch (error) {
  if (!(error instanceof PythonMissing)) throw error
  process.stdout.write(`SKIPPED: ${error.message}. Nothing was tested against the document.\n`)
  process.exitCode = SKIPPED
}

async function test(command: string, database: string | undefined): Promise<number> {
  const usual = values.long ? [1, randomInt(2 ** 31)] : [1]
  const seeds = values.seed === undefined ? usual : [Number(values.seed)]
  // Where only what keeps the data is another, little is found by chance that isn't by the bounds of every value.
  const phasesThere = values.long ? PHASES : PHASES.filter((phase) => phase !== 'fuzzing')
  const plans = seeds.flatMap((seed) =>
    SUBJECTS.flatMap((subject) => {
      const { roles, onDatabase } = subject
      const testers = database === undefined ? [] : values.long ? roles : onDatabase
      return [
        ...roles.map((role) => ({ subject, database: undefined, role, phases: PHASES, seed })),
        ...testers.map((role) => ({ subject, database, role, phases: phasesThere, seed })),
      ]
    }),
  )
  const seconds = values.long ? Math.floor(LONG / Math.ceil(plans.length / AT_ONCE)) : undefined
  const limit = pLimit(AT_ONCE)
  const outcomes = await Promise.all(
    plans.map((plan) =>
      limit(async () => {
        const outcome = await runSchemathesis(command, { ...plan, seconds })
        const { passed, failed, requests, log } = outcome
        process.stdout.write(
          `${log}${plan.subject.name}${plan.database === undefined ? '' : ', on a database,'} as ${plan.role}, seed ${plan.seed}: ${passed} operations passed, ${failed} failed, ${requests} requests\n`,
        )
        return outcome
      }),
    ),
  )
  const sum = (name: 'passed' | 'failed') =>
    outcomes.reduce((total, outcome) => total + outcome[name], 0)
  // As tap closes: .ci/run reads it.
  process.stdout.write(
    `# { total: ${sum('passed') + sum('failed')}, pass: ${sum('passed')}, fail: ${sum('failed')} }\n`,
  )
  return sum('failed') === 0 ? 0 : 1
}

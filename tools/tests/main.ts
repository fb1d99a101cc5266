import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { compileTests } from './compile.js'
import { type Outcome, runTest } from './run.js'

/** These take longest: what begins with them doesn't end with one of them alone. */
const LONGEST = [
  'test/plugins/openapi/reference-operations.test.ts',
  'test/plugins/openapi/importers.test.ts',
  'test/plugins/openapi/reference.test.ts',
  'test/docs/testing.test.ts',
]

const { positionals } = parseArgs({ allowPositionals: true })

const compiled = await compileTests()
const names = [...new Set([...LONGEST, ...compiled.keys()])].filter(
  (name) => positionals.length === 0 || positionals.some((beginning) => name.startsWith(beginning)),
)
const limit = pLimit(availableParallelism())
const outcomes = await Promise.all(
  names.map((name) =>
    limit(async () => {
      const outcome = await runTest(compiled.get(name) ?? '')
      process.stdout.write(report(name, outcome))
      return outcome
    }),
  ),
)

const sum = (which: 'passed' | 'failed') =>
  outcomes.reduce((total, outcome) => total + outcome[which], 0)
const [passed, failed] = [sum('passed'), sum('failed')]
// As tap closes: .ci/run reads it.
process.stdout.write(`# { total: ${passed + failed}, pass: ${passed}, fail: ${failed} }\n`)
process.exitCode = passed > 0 && failed === 0 ? 0 : 1

/** What a test has failed in is told in full, and of one that has passed what it left out. */
function report(name: string, { failed, output, notes, seconds }: Outcome): string {
  const lines = failed > 0 ? [output] : notes
  return [`${failed > 0 ? 'not ok' : 'ok'} - ${name} # ${seconds} s`, ...lines, ''].join('\n')
}

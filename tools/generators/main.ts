import { setPriority } from 'node:os'
import { startServer } from '../contract/servers.js'
import { GENERATORS, type Generator } from './generators.js'
import { type Outcome, tryGenerator } from './run.js'

/** What ends a script that could not do its work here, as Automake has it. */
const SKIPPED = 77

/** How much others come first on this machine. */
const NICENESS = 10

setPriority(NICENESS)
process.exitCode = await main(process.argv.slice(2))

async function main(names: readonly string[]): Promise<number> {
  const chosen = GENERATORS.filter(({ name }) => names.length === 0 || names.includes(name))
  const unknown = names.filter((name) => !GENERATORS.some((generator) => generator.name === name))
  if (unknown.length > 0) {
    const known = GENERATORS.map(({ name }) => name).join(' ')
    process.stderr.write(`There is no ${unknown.join(', ')}. There are ${known}\n`)
    return 2
  }
  const outcomes = await tryAll(chosen)
  const count = (status: Outcome['status']) =>
    outcomes.filter((outcome) => outcome.status === status).length
  const [works, fails] = [count('works'), count('fails')]
  if (works + fails === 0) {
    process.stdout.write('SKIPPED: no client was generated.\n')
    return SKIPPED
  }
  // As tap closes: .ci/run reads it.
  process.stdout.write(`# { total: ${works + fails}, pass: ${works}, fail: ${fails} }\n`)
  return fails === 0 ? 0 : 1
}

/** One after the other, so that each is timed alone. Prints a line for each. */
async function tryAll(generators: readonly Generator[]): Promise<Outcome[]> {
  const server = await startServer()
  const outcomes: Outcome[] = []
  try {
    const document = await (await fetch(`${server.url}/openapi.json`)).text()
    for (const generator of generators) {
      const outcome = await tryGenerator(generator, { url: server.url, document })
      const { status, seconds, reason, log } = outcome
      const columns = [
        generator.name.padEnd(36),
        generator.version.padEnd(10),
        status.padEnd(8),
        `${seconds.toFixed(1)} s`.padStart(8),
      ]
      process.stdout.write(`${log}${columns.join('')}  ${reason}\n`)
      outcomes.push(outcome)
    }
  } finally {
    process.stdout.write(await server.stop())
  }
  return outcomes
}

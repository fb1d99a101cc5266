import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { startServer } from './servers.js'

/** Who Schemathesis is to the API. */
export const ROLES = ['nobody', 'user', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What Schemathesis goes through. */
export const PHASES = ['examples', 'coverage', 'fuzzing', 'stateful'] as const
export type Phase = (typeof PHASES)[number]

/** What the server serves. */
export interface Subject {
  readonly name: string
  /** Its data file and settings, as on the command line. */
  readonly server: readonly string[]
  /** Whose the accounts are, as `accounts.py` has it. */
  readonly accounts: 'apis' | 'own'
  /** Who is to test it. */
  readonly roles: readonly Role[]
  /** Who is to test it on a database too, where there isn't time for all of them. */
  readonly onDatabase: readonly Role[]
  /** Which data Schemathesis sends. */
  readonly mode: 'all' | 'positive'
}

const OWN_DATA = 'tools/contract/own.json'

/** All that is tested. */
export const SUBJECTS: readonly Subject[] = [
  {
    name: 'the APIs',
    server: [],
    accounts: 'apis',
    roles: ROLES,
    onDatabase: ['user'],
    mode: 'all',
  },
  {
    name: 'own data',
    server: [OWN_DATA],
    accounts: 'own',
    roles: ['nobody'],
    onDatabase: [],
    // What doesn't fit the shape of a record is to be taken, and makes it wider: it would be no fault.
    mode: 'positive',
  },
  {
    name: 'own data, enforced',
    server: [OWN_DATA, '--enforce'],
    accounts: 'own',
    roles: ['user', 'admin'],
    onDatabase: ['admin'],
    mode: 'all',
  },
]

export interface Plan {
  readonly subject: Subject
  /** The address of what keeps everything; the server's memory without it. */
  readonly database: string | undefined
  readonly role: Role
  readonly phases: readonly Phase[]
  readonly seed: number
  /** How long to go on; until everything has been tried once without it. */
  readonly seconds: number | undefined
}

export interface Outcome {
  /** Operations with nothing to say against them, and all others. */
  readonly passed: number
  readonly failed: number
  readonly requests: number
  /** What Schemathesis and the server have said, where something failed. */
  readonly log: string
}

/** What of Schemathesis' report is looked at. */
const Report = Type.Object({
  operations: Type.Object({ total: Type.Integer(), tested: Type.Integer() }),
  phases: Type.Record(Type.String(), Type.Object({ status: Type.String() })),
  test_cases: Type.Object({ generated: Type.Integer(), unique_failures: Type.Integer() }),
})

/** Tests a fresh server against its own document. */
export async function runSchemathesis(command: string, plan: Plan): Promise<Outcome> {
  const { subject, database, role, phases, seed, seconds } = plan
  const server = await startServer(subject.server, database)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-contract-'))
  const report = join(folder, 'report.json')
  const settings = resolve('tools/contract')
  const child = spawn(
    resolve(command),
    [
      ...['--no-color', '--config-file', join(settings, 'schemathesis.toml')],
      ...['run', `${server.url}/openapi.json`, '--continue-on-failure'],
      ...['--seed', String(seed), '--mode', subject.mode, '--phases', phases.join(',')],
      ...(seconds === undefined ? [] : ['--max-time', String(seconds)]),
      ...['--report', 'json', '--report-json-path', report, '--generation-database', 'none'],
    ],
    {
      // It keeps things for the next run where it is started.
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: settings,
        PYTHONDONTWRITEBYTECODE: '1',
        CONTRACT_DATA: subject.accounts,
        CONTRACT_ON_DATABASE: String(database !== undefined),
        CONTRACT_ROLE: role,
        CONTRACT_URL: server.url,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const kill = () => child.kill()
  process.once('exit', kill)
  try {
    const [log, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    process.off('exit', kill)
    return judge(code, read(report), phases, log, await server.stop())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function judge(
  code: unknown,
  report: Static<typeof Report> | undefined,
  wanted: readonly Phase[],
  log: string,
  serverLog: string,
): Outcome {
  if (!report) return { passed: 0, failed: 1, requests: 0, log }
  const { operations, phases, test_cases: cases } = report
  const isComplete =
    code === 0 && serverLog === '' && wanted.every((name) => phases[name]?.status === 'success')
  const untested = operations.total - operations.tested
  const failed = untested + Math.max(cases.unique_failures, isComplete ? 0 : 1)
  return {
    passed: Math.max(0, operations.total - failed),
    failed,
    requests: cases.generated,
    log: failed === 0 ? '' : `${log}\n${serverLog}`,
  }
}

/** @returns undefined when there is none, because Schemathesis broke off */
function read(path: string): Static<typeof Report> | undefined {
  try {
    return Value.Parse(Report, JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

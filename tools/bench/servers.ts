import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import typescript from 'typescript'
import { freePort } from './port.js'
import { schemas } from './ships.js'

/** How often a starting server is asked, in milliseconds. */
const POLL = 1

/** Where the servers put files, gone when the bench ends: they are killed, and could not clean up. */
export const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'))

const environment = {
  ...process.env,
  TMPDIR: folder,
  JWT_SECRET: randomBytes(32).toString('base64url'),
  LOG_LEVEL: 'warn',
  SCHEMAS: JSON.stringify(schemas),
}

/** What node is started with. `cli` is Slipway as users start it; `slipway` has one route more. */
const commands = {
  node: script('node'),
  fastify: script('fastify'),
  usual: script('usual'),
  slipway: script('slipway'),
  cli: ['dist/cli/main.js'],
  'node-files': script('node-files'),
  'fastify-files': script('fastify-files'),
  'fastify-postgres': script('fastify-postgres'),
}
export type ServerName = keyof typeof commands

/** The core of the servers that are pinned: the last one. Undefined where there is but one, or nothing that pins. */
const CORE = canPin() ? availableParallelism() - 1 : undefined

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** A server in a process of its own. */
export interface Server {
  readonly url: string
  readonly process: ChildProcess
}

export interface StartOptions {
  /** Whether it shares its core with the other pinned servers, and with nothing else of this run. */
  readonly isPinned?: boolean
  /** The folder that its profile is written to, when SIGTERM ends it. */
  readonly profiles?: string
  /** Settings that it has beside those of all. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Has a process write its profile, which it does where it ends by itself. */
const ENDS_BY_ITSELF = "data:text/javascript,process.once('SIGTERM',()=>process.exit())"

/**
 * Starts one of the bench's servers and waits for its first answer.
 * @throws when it ends, or answers anything but 200
 */
export async function startServer(name: ServerName, options: StartOptions = {}): Promise<Server> {
  return startProgram({ name, path: '/api/ships', argumentsAt: () => commands[name] }, options)
}

/** A program for Node that serves something. */
export interface Program {
  readonly name: string
  /** What it is asked for. */
  readonly path: string
  /** What node is started with to have it listen at a port, which `PORT` has too. */
  readonly argumentsAt: (port: number) => readonly string[]
}

/**
 * Starts a program and waits for its first answer.
 * @throws when it ends, or answers anything but 200
 */
export async function startProgram(
  { name, path, argumentsAt }: Program,
  { isPinned = false, profiles, settings = {} }: StartOptions = {},
): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const pin = isPinned && CORE !== undefined ? ['taskset', '-c', String(CORE)] : []
  const profiled = profiles
    ? ['--cpu-prof', '--cpu-prof-dir', profiles, '--import', ENDS_BY_ITSELF]
    : []
  const [program = '', ...rest] = [...pin, process.execPath, ...profiled, ...argumentsAt(port)]
  const child = spawn(program, rest, {
    env: { ...environment, ...settings, PORT: String(port) },
    // What a program says is not part of the table.
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  running.add(child)
  let status: number | undefined
  while (status === undefined) {
    if (child.exitCode !== null) throw new Error(`${name} ended before it answered`)
    await setTimeout(POLL)
    status = await statusOf(url + path)
  }
  if (status !== 200) throw new Error(`${name} answered ${status}`)
  return { url, process: child }
}

/**
 * Leaves the servers' core to them for a while, where they are pinned.
 * @returns ends it
 */
export function pinLoad(): () => void {
  if (CORE === undefined) return () => {}
  const runOn = (cores: string) => spawnSync('taskset', ['-acp', cores, String(process.pid)])
  runOn(`0-${CORE - 1}`)
  return () => runOn(`0-${CORE}`)
}

function canPin(): boolean {
  return (
    availableParallelism() > 1 && spawnSync('taskset', ['-p', String(process.pid)]).status === 0
  )
}

/** Ends a server at once: it has nothing to keep. */
export async function stopServer({ process: child }: Server): Promise<void> {
  running.delete(child)
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/**
 * The CPU time of all of a server's threads so far, in milliseconds. Linux tells it to the nanosecond; elsewhere it is
 * NaN.
 */
export function cpuTimeOf({ process: child }: Server): number {
  if (process.platform !== 'linux') return Number.NaN
  const threads = `/proc/${child.pid}/task`
  return readdirSync(threads)
    .map((thread) => readFileSync(`${threads}/${thread}/schedstat`, 'utf8'))
    .reduce((sum, times) => sum + Number.parseInt(times, 10) / 1e6, 0)
}

/**
 * The CPU time of a server so far in user mode, in milliseconds. Linux tells it in steps of 10; elsewhere it is NaN.
 */
export function userTimeOf({ process: child }: Server): number {
  if (process.platform !== 'linux') return Number.NaN
  // After the command's name in parentheses, the twelfth (proc_pid_stat(5)).
  const [, fields = ''] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')
  return Number(fields.split(' ')[11]) * 10
}

/** The most memory that a server has ever had, in bytes. Linux tells it; elsewhere it is NaN. */
export function peakMemoryOf({ process: child }: Server): number {
  if (process.platform !== 'linux') return Number.NaN
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** A server of the bench as plain JavaScript, because a loader for TypeScript would count in its start. */
function script(name: string): string[] {
  const source = readFileSync(new URL(`./servers/${name}.ts`, import.meta.url), 'utf8')
  const { outputText } = typescript.transpileModule(source, {
    compilerOptions: {
      module: typescript.ModuleKind.ESNext,
      target: typescript.ScriptTarget.ES2023,
    },
  })
  return ['--input-type=module', '--eval', outputText]
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => resolve(response.resume().statusCode)).on(
      'error',
      () => resolve(undefined),
    )
  })
}

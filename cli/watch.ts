import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { unwatchFile, watchFile } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { environmentWith, type Text } from '../config.js'
import { printable } from '../plugins/http/printable.js'
import { rewritesIn } from '../plugins/http/rewrites.js'
import { SeedError } from '../seed/errors.js'
import { findDataFile, isProgram } from '../seed/read.js'
import { digestOf } from '../seed/save.js'
import { trying } from './check.js'

/** How often the file is looked at, in milliseconds. */
const INTERVAL = 200

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Serves anew whenever the data file or the file of rewrites changes. A file with a fault, or that is gone, is told, and the
 * server goes on with what it has.
 * @param options the settings, as text
 */
export async function serveWatching(options: Text): Promise<void> {
  const dataFile = options.dataFile ?? (await findDataFile())
  const folder = await mkdtemp(join(tmpdir(), 'slipway-watch-')).catch(() => undefined)
  const env = environmentWith({
    // For as long as servers follow each other here. Beside a file that is saved, for longer.
    ...(folder && options.save !== 'true' ? { revokedTokenFile: join(folder, 'revoked') } : {}),
    // One for all servers, so that tokens outlive a new start.
    jwtSecret: randomBytes(32).toString('base64url'),
    ...options,
    dataFile,
  })
  const supervisor = new Supervisor(env)
  for (const signal of SIGNALS) process.on(signal, () => supervisor.stop(signal))
  const files = [dataFile, ...(options.routes === undefined ? [] : [options.routes])]
  const restart = () =>
    supervisor.restart(
      () => isSaved(dataFile, supervisor),
      () => faultsOf({ ...options, dataFile }),
    )
  // Looks at the path rather than at the file, since editors put a new file in the place of the old one.
  for (const file of files) watchFile(file, { interval: INTERVAL }, restart)
  const lines = process.stdin.isTTY ? createInterface({ input: process.stdin }) : undefined
  lines?.on('line', (line) => {
    if (line.trim().toLowerCase() === 's') supervisor.askForSnapshot()
  })
  process.exitCode = await supervisor.run()
  lines?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
  for (const file of files) unwatchFile(file)
}

/** Whether a file is what the server itself has written. */
async function isSaved(file: string, supervisor: Supervisor): Promise<boolean> {
  try {
    return supervisor.hasSaved(digestOf(await readFile(file)))
  } catch {
    // What is wrong with it is told with the other faults.
    return false
  }
}

/** What is wrong with the files, in lines. */
async function faultsOf(options: Text & { readonly dataFile: string }): Promise<readonly string[]> {
  try {
    await rewritesIn(options.routes)
    if (isProgram(options.dataFile)) return faultsOfProgram(options.dataFile)
    await trying(options)
    return []
  } catch (error) {
    if (!(error instanceof SeedError)) throw error
    return error.lines
  }
}

/** A process runs a program once: what it is now only another can tell. */
async function faultsOfProgram(file: string): Promise<readonly string[]> {
  const [main = ''] = process.argv.slice(1)
  const check = spawn(process.execPath, [...process.execArgv, main, 'check', '--', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [[code], faults] = await Promise.all([once(check, 'close'), text(check.stderr)])
  return code === 0
    ? []
    : faults
        .trimEnd()
        .replaceAll(/^slipway: /gm, '')
        .split('\n')
}

function tell(line: string): void {
  process.stderr.write(`slipway: ${printable(line)}\n`)
}

/** Runs the server in a process of its own, one after the other. */
class Supervisor {
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess | undefined
  /** Whether the server has come so far as to listen. */
  #isListening = false
  #isStopping = false
  /** The last restart, or one that is asked for. */
  #restarts: Promise<void> = Promise.resolve()
  #isReplaced = false
  /** What the server has written into the data file last; a write can be seen before the next, or after it. */
  #saved: readonly string[] = []
  /** Ends the wait for a change, or for the end. */
  #wake: () => void = () => {}

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  /** Resolves with the exit code of the server when it ends by itself, or is told to. */
  async run(): Promise<number> {
    for (let isFirst = true; ; isFirst = false) {
      this.#isReplaced = false
      this.#isListening = false
      const child = this.#start()
      this.#child = child
      const [code, signal] = await once(child, 'close')
      if (this.#isStopping) return signal ? 1 : code
      if (this.#isReplaced) continue
      if (isFirst || this.#isListening) return signal ? 1 : code
      // The file can have changed again since it was looked at, in the middle of somebody's work.
      tell('the server could not start: waiting for the next change of the data')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      if (this.#isStopping) return 0
    }
  }

  /** Ends the server, and what is after it. */
  stop(signal: NodeJS.Signals): void {
    this.#isStopping = true
    this.#child?.kill(signal)
    this.#wake()
  }

  /** Whether the server has written this into the data file. */
  hasSaved(digest: string): boolean {
    return this.#saved.includes(digest)
  }

  askForSnapshot(): void {
    if (this.#child?.connected) this.#child.send('snapshot')
  }

  /**
   * Starts the server anew if the data is good: one change after the other.
   * @param isOwn whether the change is the server's own
   * @param findFaults what is wrong with the data
   */
  restart(isOwn: () => Promise<boolean>, findFaults: () => Promise<readonly string[]>): void {
    this.#restarts = this.#restarts.then(async () => {
      if (await isOwn()) return
      const faults = await findFaults()
      if (this.#isStopping) return
      if (faults.length > 0) {
        const next = this.#isListening
          ? 'the server goes on with the data it has'
          : 'waiting for the next change of the data'
        for (const fault of faults.slice(0, -1)) tell(fault)
        tell(`${faults.at(-1)}; ${next}`)
        return
      }
      tell(
        "the data has changed: starting anew from it; what clients have changed since the last start is gone, tokens of the file's users stay good",
      )
      this.#isReplaced = true
      this.#child?.kill('SIGTERM')
      this.#wake()
    })
  }

  #start(): ChildProcess {
    const [main = ''] = process.argv.slice(1)
    const child = spawn(process.execPath, [...process.execArgv, main, 'serve'], {
      env: this.#env,
      // It says over the channel when it listens, and ends when the channel does: however this process ended.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Ctrl-C would reach it beside the signal that is passed on, and a second signal ends it at once.
      detached: process.platform !== 'win32',
    })
    child.on('message', (message) => {
      if (message === 'listening') this.#isListening = true
      const { saving } = Object(message)
      if (typeof saving === 'string') this.#saved = [...this.#saved.slice(-1), saving]
    })
    return child
  }
}

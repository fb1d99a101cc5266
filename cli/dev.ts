import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { unwatchFile, watchFile } from 'node:fs'
import pretty from 'pino-pretty'
import { environmentWith, type Text } from '../config.js'
import { SeedError } from '../seed/errors.js'
import { findDataFile } from '../seed/find.js'
import { load } from './data-file/load.js'
import { printable } from './printable.js'

/** How often the file is looked at, in milliseconds. */
const INTERVAL = 200

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Serves as one develops: with readable logs, more of them, and anew whenever the data file changes. A file with a fault
 * is told, and the server goes on with what it has.
 * @param options the settings, as text
 */
export async function develop(options: Text): Promise<void> {
  const dataFile = options.dataFile ?? (await findDataFile())
  const env = environmentWith({ logLevel: 'debug', ...options, dataFile, nodeEnv: 'development' })
  const supervisor = new Supervisor(env)
  for (const signal of SIGNALS) process.on(signal, () => supervisor.stop(signal))
  // Looks at the path rather than at the file, since editors put a new file in the place of the old one.
  watchFile(dataFile, { interval: INTERVAL }, () => supervisor.restart(() => isGood(dataFile)))
  // Also where nobody reads the output any more.
  process.on('exit', () => supervisor.stop('SIGTERM'))
  process.exitCode = await supervisor.run()
  unwatchFile(dataFile)
}

async function isGood(dataFile: string): Promise<boolean> {
  try {
    await load(dataFile)
    return true
  } catch (error) {
    if (!(error instanceof SeedError)) throw error
    const line = printable(`${error.message}; the server goes on with what it has`)
    process.stderr.write(`slipway: ${line}\n`)
    return false
  }
}

/** Runs the server in a process of its own, one after the other. */
class Supervisor {
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess | undefined
  #isStopping = false
  /** The last restart, or one that is asked for. */
  #restarts: Promise<void> = Promise.resolve()
  #isReplaced = false

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  /** Resolves with the exit code of the server when it ends by itself, or is told to. */
  async run(): Promise<number> {
    for (;;) {
      this.#isReplaced = false
      const child = this.#start()
      this.#child = child
      const [code, signal] = await once(child, 'close')
      if (!this.#isReplaced || this.#isStopping) return signal ? 1 : code
    }
  }

  /** Ends the server, and what is after it. */
  stop(signal: NodeJS.Signals): void {
    this.#isStopping = true
    this.#child?.kill(signal)
  }

  /** Starts the server anew if the data is good: one change after the other. */
  restart(isGood: () => Promise<boolean>): void {
    this.#restarts = this.#restarts.then(async () => {
      if (!(await isGood()) || this.#isStopping) return
      process.stderr.write('slipway: the data has changed: starting anew\n')
      this.#isReplaced = true
      this.#child?.kill('SIGTERM')
    })
  }

  #start(): ChildProcess {
    const [main = ''] = process.argv.slice(1)
    const child = spawn(process.execPath, [...process.execArgv, main, 'serve'], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
      // Ctrl-C would reach it beside the signal that is passed on, and a second signal ends it at once.
      detached: process.platform !== 'win32',
    })
    child.stdout.pipe(pretty({ destination: process.stdout }))
    return child
  }
}

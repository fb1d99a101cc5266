import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { freePort } from '../bench/port.js'

/** What the server's process says of itself when it is asked: memory in bytes, delays of its event loop in milliseconds. */
const Figures = Type.Object({
  heap: Type.Number(),
  rss: Type.Number(),
  delay: Type.Object({ max: Type.Number(), p99: Type.Number() }),
})
export type Figures = Static<typeof Figures>

/** Runs in the server's process before it, and keeps nothing going. Asked to collect, it leaves of the heap what is in use. */
const MEASURE = `
import { monitorEventLoopDelay } from 'node:perf_hooks'
const delays = monitorEventLoopDelay({ resolution: 10 })
delays.enable()
process.on('message', (collect) => {
  if (collect) globalThis.gc()
  const { heapUsed: heap, rss } = process.memoryUsage()
  const delay = { max: delays.max / 1e6, p99: delays.percentile(99) / 1e6 }
  process.send({ heap, rss, delay })
})
process.channel.unref()
`

/** A server in a process of its own, whose files go into a folder of its own. */
export class Server {
  readonly url: string
  readonly #child: ChildProcess
  readonly #folder: string
  #log = ''

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url
    this.#child = child
    this.#folder = folder
    for (const output of [child.stdout, child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text
      })
    }
  }

  /** Starts one on the data that is shipped, and waits until it answers. */
  static async start(): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-soak-'))
    const port = await freePort()
    const child = fork('dist/cli/main.js', ['--port', String(port)], {
      execArgv: ['--expose-gc', `--import=data:text/javascript,${encodeURIComponent(MEASURE)}`],
      env: { PATH: process.env.PATH, TMPDIR: folder, LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const server = new Server(`http://127.0.0.1:${port}`, child, folder)
    process.once('exit', () => child.kill('SIGKILL'))
    while (!(await server.#isReady())) {
      if (child.exitCode !== null) throw new Error(`The server ended: ${server.#log}`)
    }
    return server
  }

  /** What it has logged: errors alone. */
  get log(): string {
    return this.#log
  }

  /** @param collect whether the heap is to be collected before */
  async figures(collect = false): Promise<Figures> {
    this.#child.send(collect)
    let message: unknown
    // The command tells of itself too.
    while (!Value.Check(Figures, message)) [message] = await once(this.#child, 'message')
    return message
  }

  /** How many descriptors it has open; undefined where the system doesn't tell. */
  async descriptors(): Promise<number | undefined> {
    const folder = `/proc/${this.#child.pid}/fd`
    return existsSync(folder) ? (await readdir(folder)).length : undefined
  }

  /** Tells it to stop. @returns how it ended: an exit code or a signal; and what it left behind */
  async stop(): Promise<{ readonly code: number | string; readonly left: readonly string[] }> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const [code, signal] = await ended
    const left = await readdir(this.#folder)
    await rm(this.#folder, { recursive: true, force: true })
    return { code: code ?? signal, left }
  }

  async #isReady(): Promise<boolean> {
    return fetch(`${this.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  }
}

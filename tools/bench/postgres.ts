import { readdirSync, readFileSync } from 'node:fs'
import { TestPostgres } from '../../test/fixtures/postgres.js'
import { query } from '../../test/fixtures/sql.js'
import { freePort } from './port.js'

/** A PostgreSQL for a while, as Debian has it, and the CPU time that it takes. */
export class BenchPostgres {
  readonly #postgres: TestPostgres

  private constructor(postgres: TestPostgres) {
    this.#postgres = postgres
  }

  static async start(): Promise<BenchPostgres> {
    const postgres = new TestPostgres(await freePort())
    running.add(postgres)
    await postgres.start('max_connections=100')
    return new BenchPostgres(postgres)
  }

  get url(): string {
    return this.#postgres.url
  }

  /** Asks it one thing, on a connection of its own. */
  async query(text: string): Promise<readonly unknown[]> {
    return query(this.url, text)
  }

  /** The CPU time of all its processes so far, in milliseconds. Linux tells it; elsewhere it is 0. */
  cpuTime(): number {
    if (process.platform !== 'linux') return 0
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => timesOf(pid))
      .filter(({ pid, parent }) => [pid, parent].includes(this.#postgres.pid))
      .reduce((sum, { time }) => sum + time, 0)
  }

  async remove(): Promise<void> {
    running.delete(this.#postgres)
    await this.#postgres.remove()
  }
}

const running = new Set<TestPostgres>()
process.once('exit', () => {
  for (const { pid } of running) process.kill(pid, 'SIGKILL')
})

/** A process, its parent, and its CPU time so far; of one that has ended just now nothing. */
function timesOf(pid: string): { pid: number; parent: number; time: number } {
  try {
    // After the command's name in parentheses: the state, and the parent (proc_pid_stat(5)).
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
    const parent = Number(fields.split(' ')[1])
    const time = Number.parseInt(readFileSync(`/proc/${pid}/schedstat`, 'utf8'), 10) / 1e6
    return { pid: Number(pid), parent, time }
  } catch {
    return { pid: Number(pid), parent: 0, time: 0 }
  }
}

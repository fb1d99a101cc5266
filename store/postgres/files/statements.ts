import { StorageFailure, Unavailable } from '../../errors.js'
import type { Database, DatabaseRow, Statement } from '../database.js'
import { stateOf } from '../failures.js'
import { CHUNK, HOLD_LOST, STORAGE_FULL } from './tables.js'

/**
 * How many bytes are read at once. In base64 they are short enough for the memory that is looked through often: of whole chunks so much
 * garbage was left that a large file took twice as much memory.
 */
const MOST_READ = 64 * 1024

/** What the database says where a process is gone that is to hold something. */
const FOREIGN_KEY = '23503'

/** The start of a content, as it is opened. */
export interface Opened {
  readonly content: unknown
  /** In bytes. */
  readonly size: number
  readonly bytes: Buffer
}

/** What the database does with files, one statement each. All throw `Unavailable`, and `StorageFailure` where there is no room. */
export class FileStatements {
  readonly #database: Database
  readonly #process: string
  readonly #most: number | null
  readonly #calls = new Map<string, Statement>()
  readonly #opening: Statement
  readonly #reading: Statement

  /**
   * @param process whose the holds are
   * @param limit how many bytes all files may have together
   */
  constructor(database: Database, process: string, limit: number) {
    this.#database = database
    this.#process = process
    this.#most = Number.isFinite(limit) ? Math.floor(limit) : null
    const [contents, chunks] = [database.qualified('contents'), database.qualified('chunks')]
    this.#opening = database.prepared(
      `select id, size, encode(substr(bytes, $3, $4), 'base64') as bytes
      from ${contents} left join ${chunks} on content = id and number = $2
      where sha256 = $1 and reference_count > 0`,
    )
    this.#reading = database.prepared(
      `select encode(substr(bytes, $3, $4), 'base64') as bytes from ${chunks} where content = $1 and number = $2`,
    )
  }

  /** Takes in a whole content. */
  async receive(hold: string, sha256: string, bytes: Buffer): Promise<void> {
    await this.#call('receive_content', hold, this.#process, sha256, bytes, this.#most)
  }

  /** Begins to take in one. @returns where */
  async begin(hold: string): Promise<unknown> {
    return this.#call('begin_content', hold, this.#process)
  }

  /** @param first the number of the first chunk */
  async add(content: unknown, hold: string, first: number, bytes: Buffer): Promise<void> {
    await this.#call('add_chunks', content, hold, first, bytes, this.#most)
  }

  async finish(content: unknown, hold: string, sha256: string): Promise<void> {
    await this.#call('finish_content', content, hold, sha256)
  }

  /** Holds one that is there. @returns false where it has gone */
  async hold(hold: string, content: unknown): Promise<boolean> {
    return (await this.#call('hold_content', hold, this.#process, content)) === true
  }

  async release(hold: string): Promise<void> {
    await this.#call('release_hold', hold)
  }

  /** Deletes some of what nobody has any more. @returns whether there is more of it; `busy` where others are doing the rest */
  async sweep(): Promise<unknown> {
    return this.#call('sweep_contents')
  }

  /**
   * Finds what records refer to.
   * @param at where it is to be read
   * @returns undefined where there is none
   */
  async open(sha256: string, at: number, length: number): Promise<Opened | undefined> {
    const values = [sha256, ...placeOf(at, length)]
    const { rows } = await this.#database.query({ ...this.#opening, values })
    const [row] = rows
    return row && { content: row.id, size: Number(row.size), bytes: bytesOf(row) }
  }

  /**
   * Reads some bytes, as many of them as one look brings.
   * @returns none where there is no such chunk
   */
  async read(content: unknown, at: number, length: number): Promise<Buffer> {
    const values = [content, ...placeOf(at, length)]
    const { rows } = await this.#database.query({ ...this.#reading, values })
    return bytesOf(rows[0])
  }

  async #call(name: string, ...values: readonly unknown[]): Promise<unknown> {
    const parameters = values.map((_, at) => `$${at + 1}`).join(', ')
    const statement =
      this.#calls.get(name) ??
      this.#database.prepared(`select ${this.#database.qualified(name)}(${parameters}) as answer`)
    this.#calls.set(name, statement)
    try {
      const { rows } = await this.#database.query({ ...statement, values })
      return rows[0]?.answer
    } catch (error) {
      const state = stateOf(error)
      if (state === STORAGE_FULL) throw new StorageFailure('the database', full(error))
      // The others have taken this process for dead, which it will hear.
      if (state === HOLD_LOST || state === FOREIGN_KEY) throw new Unavailable(error)
      throw error
    }
  }
}

/** Where the next bytes are: a chunk's number, and which of its bytes, from 1. */
function placeOf(at: number, length: number): readonly [number, number, number] {
  const within = at % CHUNK
  return [Math.floor(at / CHUNK), within + 1, Math.min(length, CHUNK - within, MOST_READ)]
}

/** As base64: what the driver would read takes half as much again, on the way and in memory. */
function bytesOf(row: DatabaseRow | undefined): Buffer {
  const bytes = row?.bytes
  return Buffer.from(typeof bytes === 'string' ? bytes : '', 'base64')
}

/** As a disk says it whose user has a quota. */
function full(cause: unknown): Error {
  return Object.assign(new Error('there are as many bytes as STORAGE_LIMIT has', { cause }), {
    code: 'EDQUOT',
  })
}

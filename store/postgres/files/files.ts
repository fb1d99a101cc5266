import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Files, ReceivedFile } from '../../engine.js'
import { MissingContent } from '../../errors.js'
import type { Database } from '../database.js'
import type { Listener } from '../listener.js'
import type { Presence } from '../presence.js'
import { Repeated } from '../repeated.js'
import { ContentStream } from './content-stream.js'
import { FileStatements } from './statements.js'
import { Upload } from './upload.js'

/** How soon to look again at what another process is deleting, in milliseconds: it could die. */
const ASK_AGAIN = 1_000

/** Files in the database: each content once, in chunks. */
export class PostgresFiles implements Files {
  readonly #statements: FileStatements
  readonly #onFault: (error: unknown) => void
  readonly #arriving = new Set<Readable>()
  readonly #unsettled = new Set<Promise<unknown>>()
  /** What could not be released when it was to be. */
  readonly #unreleased = new Set<string>()
  readonly #sweeping = new Repeated(() => this.#sweep())
  readonly #closing = new AbortController()

  /**
   * @param limit how many bytes all files may have together
   * @param onFault hears of what fails when nobody waits for it
   */
  constructor(
    database: Database,
    presence: Presence,
    listener: Listener,
    limit: number,
    onFault: (error: unknown) => void,
  ) {
    this.#statements = new FileStatements(database, presence.id, limit)
    this.#onFault = onFault
    presence.onBeat(() => this.sweep())
    listener.on('files', () => this.sweep())
  }

  async receive(source: Readable): Promise<ReceivedFile> {
    // Nothing may be awaited before the source has its listeners: it could fail meanwhile, and nobody would hear it.
    const receiving = this.#receive(source)
    this.#arriving.add(source)
    this.#unsettled.add(receiving)
    try {
      return await receiving
    } finally {
      this.#arriving.delete(source)
      this.#unsettled.delete(receiving)
    }
  }

  async read(sha256: string, range?: { start: number; end: number }): Promise<Readable> {
    const { start, end } = range ?? { start: 0, end: Number.POSITIVE_INFINITY }
    if (!isOffset(start) || !(isOffset(end) || end === Number.POSITIVE_INFINITY) || end < start) {
      throw new RangeError(`no range of bytes goes from ${start} to ${end}`)
    }
    const length = Math.min(end - start + 1, Number.MAX_SAFE_INTEGER)
    const opened = await this.#statements.open(sha256, start, length)
    if (!opened) throw new MissingContent(sha256)
    const { content, size, bytes } = opened
    const part = { at: start, end: Math.min(end + 1, size) }
    const read = (at: number, length: number) => this.#statements.read(content, at, length)
    if (start + bytes.length >= part.end) {
      return new ContentStream(sha256, bytes, part, read, () => {})
    }
    // Its records can go while the rest is read.
    const hold = randomUUID()
    if (!(await this.#statements.hold(hold, content))) throw new MissingContent(sha256)
    return new ContentStream(sha256, bytes, part, read, () => this.#release(hold))
  }

  /** Has what nobody refers to deleted, and what could not be released released. */
  sweep(): void {
    if (this.#closing.signal.aborted) return
    this.#sweeping.ask().catch(this.#onFault)
  }

  /** Ends what arrives, and waits for what is under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const source of this.#arriving) source.destroy(closedError())
    await this.#sweeping.settled()
    while (this.#unsettled.size > 0) await Promise.allSettled(this.#unsettled)
  }

  async #receive(source: Readable): Promise<ReceivedFile> {
    if (this.#closing.signal.aborted) {
      source.destroy()
      throw closedError()
    }
    const upload = new Upload(this.#statements)
    const release = () => this.#release(upload.hold)
    try {
      for await (const chunk of source) await upload.write(bytesOf(chunk))
      return { ...(await upload.end()), release }
    } catch (error) {
      await upload.settled()
      if (upload.isBegun) await release()
      throw error
    }
  }

  /** Where it can't be done now, it is done later: nobody could do anything about it. */
  async #release(hold: string): Promise<void> {
    const released = this.#statements.release(hold)
    this.#unsettled.add(released)
    try {
      await released
      this.#unreleased.delete(hold)
    } catch (error) {
      this.#unreleased.add(hold)
      this.#onFault(error)
    } finally {
      this.#unsettled.delete(released)
    }
  }

  async #sweep(): Promise<void> {
    for (const hold of this.#unreleased) await this.#release(hold)
    const { signal } = this.#closing
    while (!signal.aborted) {
      const left = await this.#statements.sweep()
      if (left === 'done') return
      if (left === 'busy') await delay(ASK_AGAIN, undefined, { signal, ref: false }).catch(() => {})
    }
  }
}

function isOffset(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function closedError(): Error {
  return new Error('the files are closed')
}

/** What a source gives: bytes, or a text. */
function bytesOf(chunk: Buffer | string): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, lstat, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pLimit from 'p-limit'
import { MissingContent } from '../errors.js'

/** What is written at once: fewer, larger trips to the thread pool. */
const WRITE_CHUNK = 1024 * 1024

/** What is read at once. Less, since a reader that never reads has it in memory. */
const READ_CHUNK = 256 * 1024

/**
 * Stands for this machine in a folder's name. Containers that share a folder don't see each other's processes, so each
 * may sweep only what its own left.
 */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 12)

const FOLDER_NAME = /^slipway-([0-9a-f]{12})-([0-9]+)-[A-Za-z0-9]{6}$/

/** A file as it has arrived: on disk, but not yet kept. Exactly one of keep and discard is to be called. */
export interface PendingFile {
  /** Hexadecimal. */
  readonly sha256: string
  /** In bytes. */
  readonly size: number
  /** Adds a reference to the content; identical content is stored once. When it fails, nothing of the file stays. */
  keep(): Promise<void>
  /** Deletes the file. Does nothing when keep has been called, so that a caller's clean-up may call it in any case. */
  discard(): Promise<void>
}

interface Content {
  readonly size: number
  /** How many kept files have this content. */
  readonly references: number
}

/**
 * Files on disk, each content once and under its hash. They last as long as the process: what a killed one left is
 * deleted by the next.
 */
export class FileStore {
  /** The process's own. */
  readonly folder: string
  readonly #contents = new Map<string, Content>()
  /** The steps that change what is kept run one after the other, so that no two of one content meet. Each is short. */
  readonly #step = pLimit(1)
  readonly #receiving = new Map<Readable, Promise<PendingFile>>()
  readonly #sweep: Promise<void>
  #received = 0
  #closed: Promise<void> | undefined

  private constructor(folder: string, sweep: Promise<void>) {
    this.folder = folder
    this.#sweep = sweep
  }

  /**
   * Makes a folder that only this user can enter, and begins to sweep what killed processes left beside it.
   * @param parent where to make it
   */
  static async open(parent = tmpdir()): Promise<FileStore> {
    const folder = await mkdtemp(join(parent, `slipway-${HOST}-${process.pid}-`))
    // mkdtemp gives this mode less what the umask takes away, which could be the owner's own rights.
    await chmod(folder, 0o700)
    return new FileStore(folder, sweep(parent))
  }

  /**
   * Writes a source of bytes to disk while hashing it. When the source or the disk fails, nothing of it stays, and the error is
   * thrown. A source that isn't read to its end is destroyed.
   * @throws when the store is closed, or is being closed before the source has ended
   */
  async receive(source: Readable): Promise<PendingFile> {
    // Nothing may be awaited before the source has its listeners: it could fail meanwhile, and nobody would hear it.
    const receiving = this.#receive(source)
    this.#receiving.set(source, receiving)
    try {
      return await receiving
    } finally {
      this.#receiving.delete(source)
    }
  }

  has(sha256: string): boolean {
    return this.#contents.has(sha256)
  }

  /**
   * Adds a reference to content that has one already.
   * @throws {MissingContent} when there is none
   */
  retain(sha256: string): void {
    const content = this.#require(sha256)
    this.#contents.set(sha256, { ...content, references: content.references + 1 })
  }

  /**
   * Takes a reference away; with the last one the content goes. A reader that has it open reads on. Does nothing once
   * the store is closed, since the content has gone already.
   * @throws {MissingContent} when there is no reference
   */
  async release(sha256: string): Promise<void> {
    if (this.#closed || this.#releaseOneOfMany(sha256)) return
    await this.#step(async () => {
      // It can have come again while this waited.
      if (this.#releaseOneOfMany(sha256)) return
      // First, so that nobody begins to read what is about to go.
      this.#contents.delete(sha256)
      await rm(this.#pathOf(sha256), { force: true })
    })
  }

  /**
   * Opens content for reading. The caller is to read the stream to its end, or to destroy it.
   * @param range the bytes from start to end, both inclusive; what is beyond the content's end is left out
   * @throws {MissingContent} when there is none
   * @throws {RangeError} when the range is none
   */
  async read(sha256: string, range?: { start: number; end: number }): Promise<Readable> {
    this.#requireOpen()
    const { size } = this.#require(sha256)
    const { start, end } = range ?? { start: 0, end: Number.POSITIVE_INFINITY }
    // Checked here, since a stream that refuses its range would leave the file open for good.
    if (!isOffset(start) || !(isOffset(end) || end === Number.POSITIVE_INFINITY) || end < start) {
      throw new RangeError(`no range of bytes goes from ${start} to ${end}`)
    }
    const handle = await open(this.#pathOf(sha256)).catch((error: unknown) => {
      // Released since it was looked up.
      throw hasCode(error, 'ENOENT') ? new MissingContent(sha256) : error
    })
    return handle.createReadStream({
      start,
      // A stream that knows its end takes no more memory than is left to read, and doesn't look beyond it.
      end: Math.min(end, Math.max(size - 1, start)),
      highWaterMark: READ_CHUNK,
    })
  }

  /**
   * Deletes the folder, with what is being received, and waits for what is under way. A reader that has content open
   * reads on. Calling it again waits for the same.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #receive(source: Readable): Promise<PendingFile> {
    if (this.#closed) {
      source.destroy()
      throw closedError()
    }
    this.#received++
    const path = join(this.folder, `${this.#received}.part`)
    const hash = createHash('sha256')
    let size = 0
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        size += chunk.length
        done(null, chunk)
      },
    })
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600, highWaterMark: WRITE_CHUNK })
    const fileClosed = new Promise<void>((resolve) => file.once('close', resolve))
    try {
      await pipeline(source, meter, file)
      await fileClosed
      this.#requireOpen()
    } catch (error) {
      // pipeline promises to destroy its file, not to wait until it is closed.
      await fileClosed
      await removeQuietly(path)
      throw error
    }
    return this.#pendingFile(path, hash.digest('hex'), size)
  }

  #pendingFile(path: string, sha256: string, size: number): PendingFile {
    let isSettled = false
    return {
      sha256,
      size,
      keep: async () => {
        if (isSettled) throw new Error('this file has been kept or discarded already')
        isSettled = true
        this.#requireOpen()
        await this.#step(() => this.#keep(path, sha256, size))
      },
      discard: async () => {
        if (isSettled) return
        isSettled = true
        await rm(path, { force: true })
      },
    }
  }

  async #keep(path: string, sha256: string, size: number): Promise<void> {
    try {
      // Identical content is replaced rather than left: one step in either case, and whole again if it was damaged.
      await rename(path, this.#pathOf(sha256))
    } catch (error) {
      await removeQuietly(path)
      throw error
    }
    const references = this.#contents.get(sha256)?.references ?? 0
    this.#contents.set(sha256, { size, references: references + 1 })
  }

  async #close(): Promise<void> {
    for (const source of this.#receiving.keys()) source.destroy(closedError())
    await Promise.allSettled(this.#receiving.values())
    await this.#sweep
    // Behind the steps that were waiting when it was closed. No other can follow.
    await this.#step(async () => {
      this.#contents.clear()
      await rm(this.folder, { recursive: true, force: true })
    })
  }

  /** @returns false when it is the last reference, and the content has to go with it */
  #releaseOneOfMany(sha256: string): boolean {
    const content = this.#require(sha256)
    if (content.references === 1) return false
    this.#contents.set(sha256, { ...content, references: content.references - 1 })
    return true
  }

  #require(sha256: string): Content {
    const content = this.#contents.get(sha256)
    if (!content) throw new MissingContent(sha256)
    return content
  }

  #requireOpen(): void {
    if (this.#closed) throw closedError()
  }

  /** Only for a hash that was made here or is in the map: any other text could lead out of the folder. */
  #pathOf(sha256: string): string {
    return join(this.folder, sha256)
  }
}

function isOffset(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function closedError(): Error {
  return new Error('the file store is closed')
}

/** Deletes a file on the way out of a failure, which is what the caller is to hear of. close tries again. */
async function removeQuietly(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {})
}

/** Deletes the folders of this machine's killed processes. What it can't read or delete it leaves to a later sweep. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const [, host, pid] = FOLDER_NAME.exec(name) ?? []
    if (host !== HOST || isAlive(Number(pid))) continue
    const path = join(parent, name)
    try {
      // Not stat: a link would have another folder deleted in its place.
      const stats = await lstat(path)
      const isOwn = stats.isDirectory() && stats.uid === (process.geteuid?.() ?? stats.uid)
      if (isOwn) await rm(path, { recursive: true, force: true })
    } catch {
      // Another process may sweep the same folder now.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Any other refusal doesn't mean that there is no such process: it could be another user's.
    return !hasCode(error, 'ESRCH')
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

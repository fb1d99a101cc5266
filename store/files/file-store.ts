import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pLimit from 'p-limit'
import { hasCode, MissingContent, StorageFailure } from '../errors.js'
import { OwnFolder, sweep } from './own-folder.js'

/** What is written at once: fewer, larger trips to the thread pool. */
const WRITE_CHUNK = 1024 * 1024

/** What is read at once. Less, since a reader that never reads has it in memory. */
const READ_CHUNK = 256 * 1024

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
  readonly #folder: OwnFolder
  readonly #contents = new Map<string, Content>()
  /** The steps that change what is kept run one after the other, so that no two of one content meet. Each is short. */
  readonly #step = pLimit(1)
  readonly #receiving = new Map<Readable, Promise<PendingFile>>()
  readonly #sweep: Promise<void>
  readonly #limit: number
  #received = 0
  /** How many bytes there are, with those of what arrives. */
  #stored = 0
  #closed: Promise<void> | undefined

  /** Why it could not make its folder when it was opened. It tries again with each file. */
  readonly fault: StorageFailure | undefined

  private constructor(folder: OwnFolder, fault: StorageFailure | undefined, limit: number) {
    this.#limit = limit
    this.#folder = folder
    this.fault = fault
    this.#sweep = sweep(folder.parent)
  }

  /**
   * Makes a folder that only this user can enter, and begins to sweep what killed processes left beside it.
   * @param parent where to make it
   * @param limit how many bytes all files may have together
   */
  static async open(parent = tmpdir(), limit = Number.POSITIVE_INFINITY): Promise<FileStore> {
    const folder = new OwnFolder(parent)
    try {
      await folder.make()
      return new FileStore(folder, undefined, limit)
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error
      return new FileStore(folder, error, limit)
    }
  }

  /** The process's own; where it can't be made, the one in which it would be. */
  get folder(): string {
    return this.#folder.path
  }

  /**
   * Writes a source of bytes to disk while hashing it. When the source or the disk fails, nothing of it stays, and the error is
   * thrown. A source that isn't read to its end is destroyed.
   * @throws {StorageFailure} when the disk fails
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
      this.#stored -= this.#require(sha256).size
      // First, so that nobody begins to read what is about to go.
      this.#contents.delete(sha256)
      await this.#guarded(rm(this.#pathOf(sha256), { force: true }))
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
    const handle = await this.#guarded(open(this.#pathOf(sha256)), () => {
      // Released since it was looked up, or gone with its folder.
      return new MissingContent(sha256)
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
    const { path, handle } = await heldBack(source, this.#create())
    const hash = createHash('sha256')
    let size = 0
    const meter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.#stored + chunk.length > this.#limit) {
          return done(new StorageFailure(this.folder, overLimit()))
        }
        hash.update(chunk)
        size += chunk.length
        this.#stored += chunk.length
        done(null, chunk)
      },
    })
    const file = handle.createWriteStream({ highWaterMark: WRITE_CHUNK })
    let isDiskFault = false
    file.once('error', () => {
      // What fails first takes the other along.
      isDiskFault = !source.errored
    })
    const fileClosed = new Promise<void>((resolve) => file.once('close', resolve))
    try {
      await pipeline(source, meter, file)
      await fileClosed
      this.#requireOpen()
    } catch (error) {
      // pipeline promises to destroy its file, not to wait until it is closed.
      await fileClosed
      await removeQuietly(path)
      this.#stored -= size
      throw isDiskFault ? new StorageFailure(this.folder, error) : error
    }
    return this.#pendingFile(path, hash.digest('hex'), size)
  }

  /** A new file for what arrives, in a folder that is made again where it has gone. */
  async #create(): Promise<{ path: string; handle: FileHandle }> {
    this.#received++
    const name = `${this.#received}.part`
    const folder = await this.#folder.make()
    const openIn = async (parent: string) => {
      const path = join(parent, name)
      return { path, handle: await open(path, 'wx', 0o600) }
    }
    return this.#guarded(
      openIn(folder).catch(async (error: unknown) => {
        if (!hasCode(error, 'ENOENT')) throw error
        return openIn(await this.#folder.make(folder))
      }),
    )
  }

  /**
   * Waits for the disk.
   * @param gone makes what is thrown where there is no such file
   * @throws StorageFailure
   */
  async #guarded<T>(work: Promise<T>, gone?: () => Error): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (gone && hasCode(error, 'ENOENT')) throw gone()
      throw error instanceof StorageFailure ? error : new StorageFailure(this.folder, error)
    }
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
        this.#stored -= size
        await this.#guarded(rm(path, { force: true }))
      },
    }
  }

  async #keep(path: string, sha256: string, size: number): Promise<void> {
    try {
      // Identical content is replaced rather than left: one step in either case, and whole again if it was damaged.
      await this.#guarded(rename(path, this.#pathOf(sha256)))
    } catch (error) {
      await removeQuietly(path)
      this.#stored -= size
      throw error
    }
    const references = this.#contents.get(sha256)?.references ?? 0
    if (references > 0) this.#stored -= size
    this.#contents.set(sha256, { size, references: references + 1 })
  }

  async #close(): Promise<void> {
    for (const source of this.#receiving.keys()) source.destroy(closedError())
    await Promise.allSettled(this.#receiving.values())
    await this.#sweep
    // Behind the steps that were waiting when it was closed. No other can follow.
    await this.#step(async () => {
      this.#contents.clear()
      await this.#folder.remove()
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

/** As a disk says it whose user has a quota. */
function overLimit(): Error {
  return Object.assign(new Error('there are as many bytes as STORAGE_LIMIT has'), {
    code: 'EDQUOT',
  })
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

/**
 * Waits for something with a source at hand, which can fail meanwhile: that is kept from ending the process, and is seen when the
 * source is read. Where there is nothing to wait for, the source is destroyed.
 */
async function heldBack<T>(source: Readable, work: Promise<T>): Promise<T> {
  const ignore = () => {}
  source.on('error', ignore)
  try {
    return await work
  } catch (error) {
    source.destroy()
    throw error
  } finally {
    source.off('error', ignore)
  }
}

import type { Readable } from 'node:stream'
import type { Files, ReceivedFile } from '../engine.js'
import { MissingContent } from '../errors.js'
import type { FileStore } from '../files/file-store.js'

/** How many contents are given up at once. */
const AT_ONCE = 256

/** The files of one view: it counts how many records refer to each content, and holds those on the disk that any does. */
export class MemoryFiles implements Files {
  readonly #openDisk: () => Promise<FileStore>
  readonly #onFault: (error: unknown) => void
  /** By the content's hash. */
  #references = new Map<string, number>()
  /** There once a file has come. */
  #disk: FileStore | undefined
  #isClosed = false

  /**
   * @param openDisk gives what all views share
   * @param onFault hears of what fails when nobody waits for it, such as deleting a content that is not needed any more
   */
  constructor(openDisk: () => Promise<FileStore>, onFault: (error: unknown) => void) {
    this.#openDisk = openDisk
    this.#onFault = onFault
  }

  async receive(source: Readable): Promise<ReceivedFile> {
    const disk = this.#disk ?? (await heldBack(source, this.#openDisk()))
    const file = await disk.receive(source)
    await file.keep()
    this.#disk = disk
    const { sha256, size } = file
    return { sha256, size, release: () => disk.release(sha256) }
  }

  async read(sha256: string, range?: { start: number; end: number }): Promise<Readable> {
    if (!this.#disk || !this.#references.has(sha256)) throw new MissingContent(sha256)
    return this.#disk.read(sha256, range)
  }

  /** @throws MissingContent; nothing is kept then */
  keep(hashes: readonly string[]): void {
    if (this.#isClosed) return
    const disk = this.#disk
    for (const sha256 of hashes) if (!disk?.has(sha256)) throw new MissingContent(sha256)
    for (const sha256 of hashes) {
      const count = this.#references.get(sha256) ?? 0
      if (count === 0) disk?.retain(sha256)
      this.#references.set(sha256, count + 1)
    }
  }

  drop(hashes: readonly string[]): void {
    if (this.#isClosed) return
    const gone: string[] = []
    for (const sha256 of hashes) {
      const count = this.#references.get(sha256) ?? 0
      if (count > 1) {
        this.#references.set(sha256, count - 1)
      } else {
        this.#references.delete(sha256)
        gone.push(sha256)
      }
    }
    this.#release(gone)
  }

  /** Other files that begin as these are: as none, where these are closed. */
  fork(): MemoryFiles {
    const fork = new MemoryFiles(this.#openDisk, this.#onFault)
    fork.restore(this)
    fork.#isClosed = this.#isClosed
    return fork
  }

  /** Becomes what others are, unless it is closed. */
  restore(other: MemoryFiles): void {
    if (this.#isClosed) return
    const references = other.#references
    const old = this.#references
    this.#disk = other.#disk ?? this.#disk
    for (const sha256 of references.keys()) this.#disk?.retain(sha256)
    this.#references = new Map(references)
    this.#release([...old.keys()])
  }

  /**
   * Gives everything up: whatever records refer to afterwards, nothing is held.
   * @returns done when it has gone from the disk
   */
  async close(): Promise<void> {
    this.#isClosed = true
    const held = [...this.#references.keys()]
    this.#references.clear()
    await this.#release(held)
  }

  /** Gives contents up, some at a time, since each takes the disk a while. */
  async #release(hashes: readonly string[]): Promise<void> {
    for (let from = 0; from < hashes.length; from += AT_ONCE) {
      const some = hashes.slice(from, from + AT_ONCE)
      await Promise.all(some.map((sha256) => this.#disk?.release(sha256).catch(this.#onFault)))
    }
  }
}

/**
 * Waits for the disk with a source at hand, which can fail meanwhile: that is kept from ending the process, and is seen when
 * the source is read.
 */
async function heldBack(source: Readable, disk: Promise<FileStore>): Promise<FileStore> {
  const ignore = () => {}
  source.on('error', ignore)
  try {
    return await disk
  } finally {
    source.off('error', ignore)
  }
}

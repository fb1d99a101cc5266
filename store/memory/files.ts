import type { Readable } from 'node:stream'
import type { Files, ReceivedFile } from '../engine.js'
import { MissingContent } from '../errors.js'
import type { FileStore } from '../files/file-store.js'

/** The files of one view: it counts how many records refer to each content, and holds those on the disk that any does. */
export class MemoryFiles implements Files {
  readonly #openDisk: () => Promise<FileStore>
  readonly #onFault: (error: unknown) => void
  /** By the content's hash. */
  #references = new Map<string, number>()
  /** There once a file has come. */
  #disk: FileStore | undefined

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
    const disk = this.#disk
    for (const sha256 of hashes) if (!disk?.has(sha256)) throw new MissingContent(sha256)
    for (const sha256 of hashes) {
      const count = this.#references.get(sha256) ?? 0
      if (count === 0) disk?.retain(sha256)
      this.#references.set(sha256, count + 1)
    }
  }

  drop(hashes: readonly string[]): void {
    for (const sha256 of hashes) {
      const count = this.#references.get(sha256) ?? 0
      if (count > 1) {
        this.#references.set(sha256, count - 1)
      } else {
        this.#references.delete(sha256)
        this.#release(sha256)
      }
    }
  }

  /** Other files that begin as these are. */
  fork(): MemoryFiles {
    const fork = new MemoryFiles(this.#openDisk, this.#onFault)
    fork.restore(this)
    return fork
  }

  /** Becomes what others are. */
  restore(other: MemoryFiles): void {
    const references = other.#references
    const old = this.#references
    this.#disk = other.#disk ?? this.#disk
    for (const sha256 of references.keys()) this.#disk?.retain(sha256)
    this.#references = new Map(references)
    for (const sha256 of old.keys()) this.#release(sha256)
  }

  /** Gives everything up. */
  close(): void {
    for (const sha256 of this.#references.keys()) this.#release(sha256)
    this.#references.clear()
  }

  #release(sha256: string): void {
    this.#disk?.release(sha256).catch(this.#onFault)
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

import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseRow } from './database.js'

/** How many characters are kept in memory before the rest goes to the disk. */
const MOST_IN_MEMORY = 4 * 1024 * 1024

/** Keeps records for a reader who takes them later: the first in memory, and the rest in a file that has no name. */
export class Spool {
  readonly #first: string[] = []
  #length = 0
  #file: FileHandle | undefined

  async add(rows: readonly DatabaseRow[]): Promise<void> {
    const line = JSON.stringify(rows)
    this.#length += line.length
    if (this.#length <= MOST_IN_MEMORY) {
      this.#first.push(line)
      return
    }
    this.#file ??= await openNameless()
    await this.#file.appendFile(`${line}\n`)
  }

  /** All, as they were added. */
  async *batches(): AsyncIterable<readonly DatabaseRow[]> {
    for (const line of this.#first) yield JSON.parse(line)
    if (!this.#file) return
    for await (const line of this.#file.readLines({ start: 0, autoClose: false })) {
      yield JSON.parse(line)
    }
  }

  async remove(): Promise<void> {
    await this.#file?.close()
  }
}

/** A file that is gone when it is closed, or the process ends. */
async function openNameless(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-'))
  try {
    return await open(join(folder, 'records'), 'wx+', 0o600)
  } finally {
    await rm(folder, { recursive: true })
  }
}

import { Readable } from 'node:stream'
import { MissingContent } from '../../errors.js'
import { CHUNK } from './tables.js'

/** Reads some bytes of a content, as many of them as one look brings. */
type Read = (at: number, length: number) => Promise<Buffer>

/** A part of a content, as it comes out of the database: some of it at a time, when the reader wants it. */
export class ContentStream extends Readable {
  readonly #sha256: string
  readonly #read: Read
  readonly #release: () => void
  #at: number
  readonly #end: number
  #next: Buffer | undefined

  /**
   * @param first what is there already of the part
   * @param part from `at` on, before `end`
   * @param release is called once, when nothing is read any more
   */
  constructor(
    sha256: string,
    first: Buffer,
    { at, end }: { readonly at: number; readonly end: number },
    read: Read,
    release: () => void,
  ) {
    super({ highWaterMark: CHUNK })
    this.#sha256 = sha256
    this.#next = first
    this.#at = at
    this.#end = end
    this.#read = read
    this.#release = release
  }

  override _read(): void {
    this.#take().then(
      (bytes) => this.push(bytes),
      (error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#release()
    done(error)
  }

  /** What comes next; null behind the last. @throws Unavailable */
  async #take(): Promise<Buffer | null> {
    if (this.#at >= this.#end) return null
    const bytes = this.#next ?? (await this.#read(this.#at, this.#end - this.#at))
    this.#next = undefined
    if (bytes.length === 0) throw new MissingContent(this.#sha256)
    this.#at += bytes.length
    return bytes
  }
}

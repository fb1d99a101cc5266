import { createHash, type Hash, randomUUID } from 'node:crypto'
import type { StoredFile } from '../../declaration.js'
import type { FileStatements } from './statements.js'
import { CHUNK } from './tables.js'

/** How much is stored at once, in bytes: chunks as a whole. An upload has three times as much in memory, at most. */
const PIECE = 4 * CHUNK

/** A content on its way into the database, piece by piece. */
export class Upload {
  /** Names what keeps the content, until it is released. */
  readonly hold = randomUUID()
  readonly #statements: FileStatements
  readonly #hash: Hash = createHash('sha256')
  #size = 0
  #waiting: Buffer[] = []
  #waitingSize = 0
  /** Where the content is, once more than a piece has come. */
  #content: Promise<unknown> | undefined
  #chunks = 0
  /** The piece that is being stored, while the next comes in. */
  #storing: Promise<unknown> = Promise.resolve()
  #isBegun = false

  constructor(statements: FileStatements) {
    this.#statements = statements
  }

  /** Whether the database may have something of it. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  /** Takes in more, as soon as there is room. @throws what `FileStatements` does, also of what came before */
  async write(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes)
    this.#size += bytes.length
    this.#waiting.push(bytes)
    this.#waitingSize += bytes.length
    // What is no more than a piece goes in one step, once it is whole.
    while (this.#waitingSize > PIECE) await this.#store(this.#take())
  }

  /** Ends it. @throws as `write` */
  async end(): Promise<StoredFile> {
    const last = this.#take()
    const sha256 = this.#hash.digest('hex')
    const file = { sha256, size: this.#size }
    this.#isBegun = true
    if (this.#content === undefined) {
      await this.#statements.receive(this.hold, sha256, last)
      return file
    }
    await this.#store(last)
    await this.#storing
    await this.#statements.finish(await this.#content, this.hold, sha256)
    return file
  }

  /** Waits for what is being stored, whatever comes of it. */
  async settled(): Promise<void> {
    await this.#storing.catch(() => {})
  }

  #take(): Buffer {
    const all = Buffer.concat(this.#waiting)
    const rest = all.subarray(PIECE)
    this.#waiting = rest.length > 0 ? [rest] : []
    this.#waitingSize = rest.length
    return all.subarray(0, PIECE)
  }

  async #store(piece: Buffer): Promise<void> {
    await this.#storing
    this.#isBegun = true
    this.#content ??= this.#statements.begin(this.hold)
    const [content, first] = [this.#content, this.#chunks]
    this.#chunks += piece.length / CHUNK
    this.#storing = content.then((id) => this.#statements.add(id, this.hold, first, piece))
    // Whoever stores the next, or ends it, hears of it.
    this.#storing.catch(() => {})
  }
}

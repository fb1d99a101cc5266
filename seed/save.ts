import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, parse } from 'node:path'
import { SeedError } from './errors.js'
import { withFields } from './layout.js'
import { LockHeld, withLock } from './lock.js'
import { codeOf, decodeText, isEditable, readBytes, reasonOf } from './read.js'
import { createFile, replaceFile } from './write.js'

/** Where what is to be written comes from. */
export interface Own {
  /** The parts of the file that are kept up to date, as they are now. */
  read(): Promise<Readonly<Record<string, unknown>>>
}

export interface SaveOptions {
  /** Says one line to whoever looks after the server. */
  readonly say: (line: string) => void
  /** The field that has a record's id. */
  readonly id?: string
  /** Is told what is going to be in the file, as `digestOf` has it, before it is: whoever watches the file can pass it over. */
  readonly announce?: (digest: string) => void
  /** How long changes are gathered, in milliseconds. */
  readonly gather?: number
}

/** How long changes are gathered before they are written, in milliseconds. */
const GATHER = 100

/** How long until what could not be written is tried again, in milliseconds: at first, and at most. */
const RETRY = 1_000
const LONGEST_RETRY = 30_000

/** How many times as long as a write takes there is none: a large file must not take the processor. */
const REST = 10

const BYTE_ORDER_MARK = '\uFEFF'

/** What a file's content is known by. */
export function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url')
}

/**
 * Whether changes can be written back to a file as it is.
 * @throws SeedError with the way out
 */
export function checkSavable(file: string): void {
  if (isEditable(file)) return
  throw new SeedError(file, [
    {
      path: '',
      message: 'is no JSON that --save could write back: save into a .json or .jsonc file',
    },
  ])
}

/**
 * Keeps a data file up to date with a server's own collections.
 * @param file its text may have comments
 * @param text what it had when the server read it, without a byte order mark
 * @param own read once now, before anything changes, and then for each write
 */
export async function saveTo(
  file: string,
  text: string,
  own: Own,
  options: SaveOptions,
): Promise<Saver> {
  checkSavable(file)
  return new Saver(file, text, own, await own.read(), options)
}

/**
 * Writes changes: all that came within a moment at once, whole or not at all, one write after the other. Nothing is lost: a
 * file that has gone is made anew; one that something else has changed stays as it is, and what the server has goes into
 * another beside it; what can't be written is tried again, and at the end goes into the system's folder for temporary files.
 */
export class Saver {
  #file: string
  /** What the file has, as far as this server knows. */
  #text: string
  /** What that means: it may have ids that the text hasn't. */
  #state: Readonly<Record<string, unknown>>
  readonly #own: Own
  readonly #options: SaveOptions
  #isDirty = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #pause: number
  /** What can't be written, as it was told last. */
  #trouble: string | undefined

  constructor(
    file: string,
    text: string,
    own: Own,
    state: Readonly<Record<string, unknown>>,
    options: SaveOptions,
  ) {
    this.#file = file
    this.#text = text
    this.#own = own
    this.#state = state
    this.#options = options
    this.#pause = options.gather ?? GATHER
  }

  /** To be called after each change. */
  changed(): void {
    this.#isDirty = true
    this.#schedule()
  }

  /** Writes what isn't written yet. To be called when nothing changes any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#writing
    if (!this.#isDirty) return
    await this.#write()
    if (this.#isDirty) await this.#rescue()
  }

  #schedule(): void {
    if (this.#timer || this.#writing || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined
        if (this.#isDirty) this.#schedule()
      })
    }, this.#pause)
  }

  /** Leaves it dirty where it can't write. */
  async #write(): Promise<void> {
    const begun = performance.now()
    this.#isDirty = false
    try {
      const state = await this.#own.read()
      const text = withFields(this.#text, state, this.#options.id, this.#state)
      if (text !== this.#text) await this.#put(text)
      this.#text = text
      this.#state = state
      const gather = this.#options.gather ?? GATHER
      this.#pause = Math.max(gather, (performance.now() - begun) * REST)
      if (this.#trouble) this.#options.say(`${this.#file}: can be written again`)
      this.#trouble = undefined
    } catch (error) {
      this.#isDirty = true
      this.#pause = Math.min(Math.max(this.#pause * 2, RETRY), LONGEST_RETRY)
      this.#tell(error)
    }
  }

  /** Says once what is in the way, and again when something else is. */
  #tell(error: unknown): void {
    const trouble =
      error instanceof LockHeld ? error.message : `can't be written (${causeOf(error)})`
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#options.say(`${this.#file}: ${trouble}; what has changed is kept, and tried again`)
  }

  /** Puts a text in the place of the one that the file has. */
  async #put(text: string): Promise<void> {
    const target = await realpath(this.#file).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    })
    if (target === undefined) return this.#putAnew(text)
    // A rename would get around a file's write protection.
    await access(target, constants.W_OK)
    const isOurs = await withLock(target, async (isHeld) => {
      const bytes = await readBytes(target)
      if (!this.#isOurs(bytes)) return false
      const content = markOf(bytes) + text
      this.#options.announce?.(digestOf(content))
      const before = await stat(target, { bigint: true })
      await replaceFile(target, content, await stat(target), async () => {
        const now = await stat(target, { bigint: true })
        const isSame = now.ino === before.ino && now.mtimeNs === before.mtimeNs
        if (!isSame || !isHeld()) throw new Error('changed in the middle')
      })
      return true
    })
    if (!isOurs) await this.#putAside(text)
  }

  #isOurs(bytes: Buffer): boolean {
    try {
      return decodeText(this.#file, bytes) === this.#text
    } catch {
      return false
    }
  }

  async #putAnew(text: string): Promise<void> {
    this.#options.announce?.(digestOf(text))
    await createFile(this.#file, text)
    this.#options.say(`${this.#file} had gone: it is written anew, with what the server has`)
  }

  /** From now on another file is kept up to date. */
  async #putAside(text: string): Promise<void> {
    const { dir, name, ext } = parse(this.#file)
    const file = join(dir, `${name}-${momentNow()}${ext}`)
    await createFile(file, text)
    this.#options.say(
      `${this.#file} has been changed by something else, and stays so: what the server has is in ${file} from now on`,
    )
    this.#file = file
  }

  /** The last that can be done. */
  async #rescue(): Promise<void> {
    const file = join(tmpdir(), `${momentNow()}-${basename(this.#file)}`)
    const state = await this.#own.read()
    await createFile(file, withFields(this.#text, state, this.#options.id, this.#state))
    this.#options.say(`${this.#file}: can't be written: what the server had is in ${file}`)
  }
}

function markOf(bytes: Buffer): string {
  return bytes.subarray(0, 3).toString() === BYTE_ORDER_MARK ? BYTE_ORDER_MARK : ''
}

function causeOf(error: unknown): string {
  return error instanceof SeedError ? error.message : reasonOf(error)
}

/** Now, as a part of a file's name. */
function momentNow(): string {
  return new Date().toISOString().replace(/[:.]/g, '-')
}

import { constants } from 'node:fs'
import { lstat, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Type } from '@sinclair/typebox'
import { compile } from '../store/check.js'
import { ACCOUNTS } from '../store/engine.js'
import { NoRoom, StorageFailure } from '../store/errors.js'
import { SeedError } from './errors.js'
import { codeOf, decodeText, reasonOf } from './read.js'
import { replaceFile } from './write.js'

/** The first line, so that no other file is taken for one. */
const HEAD = '{"slipway":"revoked tokens","version":1}'

/** Each other line: when the token ends by itself, in milliseconds since 1970, null for never; and what names it. */
const isLine = compile(
  Type.Tuple([
    Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    Type.String({ minLength: 1, maxLength: 128 }),
  ]),
)

/** More bytes than a line has. */
const LONGEST_LINE = 600

/** How many lines more than there are tokens are no reason to write the file anew. */
const SPARE_LINES = 1000

/** For its owner alone. */
const MODE = 0o600

/** Tokens that have been revoked, by what names them, with when each ends by itself: Infinity for never. */
type Tokens = Map<string, number>

/**
 * Keeps on disk which tokens were revoked, for the next process that signs with the same secret. A line is added for each, before
 * anybody is told that the token is no longer good; only when much of the file is about tokens that have ended, or something else
 * has written to it, is it put in its place anew, whole.
 */
export class RevokedFile {
  readonly #file: string
  readonly #limit: number
  readonly #tokens: Tokens
  /** Those that are to be written next. */
  #waiting: Tokens = new Map()
  /** Those that are being written. */
  #underWay: Tokens = new Map()
  #next: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()
  /** How many lines the file has, and which one it is; undefined where it isn't as it should be. */
  #state: { readonly lines: number; readonly size: number; readonly ino: number } | undefined

  private constructor(file: string, limit: number, { tokens, state }: Content) {
    this.#file = file
    this.#limit = limit
    this.#tokens = tokens
    this.#state = state
  }

  /**
   * Reads what earlier processes have left, and writes nothing yet.
   * @param limit how many tokens it may have
   * @throws SeedError where it is none of Slipway's, or has more
   */
  static async open(file: string, limit: number): Promise<RevokedFile> {
    const content = await contentOf(file, limit)
    if (content.tokens.size <= limit) return new RevokedFile(file, limit, content)
    throw fault(
      file,
      `has more revoked tokens than REVOKED_TOKEN_LIMIT (${limit}): start with a larger one`,
    )
  }

  get tokens(): ReadonlyMap<string, number> {
    return this.#tokens
  }

  /**
   * Adds a token. Once that is done it stays, also where the process is killed or the power goes.
   * @param until when it ends by itself: milliseconds since 1970, Infinity for never
   * @throws NoRoom, StorageFailure; then it is not there
   */
  async add(jti: string, until: number): Promise<void> {
    if (this.#tokens.has(jti)) return
    if (this.#isFull) this.#dropEnded()
    if (this.#isFull) throw new NoRoom(ACCOUNTS, 'tokens')
    this.#waiting.set(jti, until)
    // All that come while one is being written go into the next write together.
    if (!this.#next) {
      this.#next = this.#last.then(() => {
        this.#next = undefined
        return this.#write()
      })
      this.#last = this.#next.catch(() => {})
    }
    await this.#next
  }

  get #isFull(): boolean {
    return this.#tokens.size + this.#waiting.size + this.#underWay.size >= this.#limit
  }

  #dropEnded(): void {
    const now = Date.now()
    for (const [jti, until] of this.#tokens) if (until <= now) this.#tokens.delete(jti)
  }

  async #write(): Promise<void> {
    const added = this.#waiting
    this.#underWay = added
    this.#waiting = new Map()
    try {
      if (!(await this.#append(added))) await this.#replace(added)
    } catch (error) {
      // A part of a line may be there.
      this.#state = undefined
      throw new StorageFailure(dirname(this.#file), error)
    } finally {
      this.#underWay = new Map()
    }
    for (const [jti, until] of added) this.#tokens.set(jti, until)
  }

  /** @returns false where the file is not as it was left, or has too much in it that is over */
  async #append(added: Tokens): Promise<boolean> {
    const state = this.#state
    if (!state || state.lines > this.#tokens.size * 2 + SPARE_LINES) return false
    const handle = await open(this.#file, APPENDING).catch(() => undefined)
    if (!handle) return false
    try {
      const { size, ino } = await handle.stat()
      if (size !== state.size || ino !== state.ino) return false
      const text = Buffer.from(linesOf(added))
      await handle.appendFile(text)
      await handle.datasync()
      this.#state = { lines: state.lines + added.size, size: size + text.length, ino }
      return true
    } finally {
      await handle.close()
    }
  }

  async #replace(added: Tokens): Promise<void> {
    // Another process may have added to it.
    const others = await contentOf(this.#file, this.#limit).catch(() => undefined)
    for (const [jti, until] of others?.tokens ?? []) {
      if (!this.#isFull && !added.has(jti)) this.#tokens.set(jti, until)
    }
    const tokens = new Map([...this.#tokens, ...added])
    const text = `${HEAD}\n${linesOf(tokens)}`
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
    await replaceFile(this.#file, text, { mode: MODE, ...owner }, async () => {})
    const { size, ino } = await lstat(this.#file)
    this.#state = { lines: tokens.size, size, ino }
  }
}

const APPENDING = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)

interface Content {
  readonly tokens: Tokens
  /** Undefined where it has to be written anew before a line can be added. */
  readonly state:
    | { readonly lines: number; readonly size: number; readonly ino: number }
    | undefined
}

/** What is in the file: nothing where there is none. @throws SeedError */
async function contentOf(file: string, limit: number): Promise<Content> {
  try {
    const stats = await lstat(file)
    if (!stats.isFile()) throw fault(file, 'is no regular file')
    if (stats.size > (limit * 2 + SPARE_LINES) * LONGEST_LINE) {
      throw fault(file, 'is too large for the revoked tokens that REVOKED_TOKEN_LIMIT allows')
    }
    const { tokens, lines, isWhole } = parse(file, decodeText(file, await readFile(file)))
    const { size, ino } = stats
    return { tokens, state: isWhole ? { lines, size, ino } : undefined }
  } catch (error) {
    if (error instanceof SeedError) throw error
    if (codeOf(error) === 'ENOENT') return { tokens: new Map(), state: undefined }
    throw fault(file, `can't be read (${reasonOf(error)})`)
  }
}

/** @throws SeedError */
function parse(file: string, text: string) {
  const [head, ...lines] = text.split('\n')
  // What comes after the last line break was cut short by a kill: nobody was told that it is done.
  const rest = lines.pop()
  if (head !== HEAD || rest === undefined) throw fault(file, 'is no file of revoked tokens')
  const now = Date.now()
  const tokens: Tokens = new Map()
  for (const [at, line] of lines.entries()) {
    const value = parsed(line)
    if (!isLine(value)) throw fault(file, `line ${at + 2} is none that Slipway has written`)
    const [until, jti] = value
    if (until === null || until > now) tokens.set(jti, until ?? Number.POSITIVE_INFINITY)
  }
  return { tokens, lines: lines.length, isWhole: rest === '' }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function linesOf(tokens: Tokens): string {
  return [...tokens]
    .map(([jti, until]) => `${JSON.stringify([Number.isFinite(until) ? until : null, jti])}\n`)
    .join('')
}

/** A fault that ends the start: to go on without the file would make the tokens good again. */
function fault(file: string, message: string): SeedError {
  const wayOut = 'without it the tokens in it are good again until they end'
  return new SeedError(file, [{ path: '', message: `${message}; or move it away: ${wayOut}` }])
}

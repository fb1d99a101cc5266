import type { ServerResponse } from 'node:http'
import type { ProblemDetail } from '../http/problem.js'
import { HEADERS } from '../http/security.js'
import type { World } from '../workspaces/world.js'
import { Content, type Kept, kept, sizeOf } from './content.js'
import { NONE } from './problems.js'

/** A request as it came. */
export interface Asked {
  readonly method: string
  /** Its path and query, without the workspace. */
  readonly url: string
  /** The same as it was sent. */
  readonly sentUrl: string
  /** Names and values in turn, as Node has them. */
  readonly rawHeaders: readonly string[]
  /** The `operationId`, if it has one. */
  readonly operation: string | undefined
}

/** The answer to a request, as it is so far: a reply of Fastify's. */
export interface Answer {
  readonly statusCode: number
  readonly raw: ServerResponse
}

/** What nearly every head has behind its first line. */
const USUAL = Object.entries(HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')

/** Heads have room in steps of this many bytes, so that a note fits the next one too. */
const STEP = 128

const NO_BYTES = Buffer.alloc(0)

/**
 * A request and its answer as they are kept: as they came by. What grows old is moved about and looked through by the garbage
 * collector, which costs more than all there is to do here. So a note is used for one request after the other, shares with the one
 * before what is the same, and has the head of the answer in bytes of its own.
 */
export class Note implements Asked {
  id = 0
  method = ''
  url = ''
  sentUrl = ''
  rawHeaders: readonly string[] = []
  operation: string | undefined
  /** By the world's clock: milliseconds since 1970. */
  startedAt = 0.1
  /** By a clock that nobody sets: milliseconds. */
  beganAt = 0.1
  endedAt = 0.1
  sent: Content | undefined
  got: Kept | undefined
  /** What a fault has made of the answer. */
  fault: string | undefined
  problems: readonly ProblemDetail[] = NONE
  isOver = true
  /** Whether it ended before all of its answer was sent. */
  isAborted = false
  hasBodies = true
  /** How much memory its bodies take, in bytes, once it is over. */
  weight = 0
  /** While it is under way. */
  #answer: Answer | undefined
  #status = 0
  #head = NO_BYTES
  #headLength = 0
  /** Whether the usual headers are before it. */
  #isUsual = false

  /**
   * Begins with another request.
   * @param before the headers of the one before
   */
  begin(id: number, world: World, asked: Asked, before: readonly string[]): void {
    this.id = id
    this.method = asked.method
    this.url = asked.url
    this.sentUrl = asked.sentUrl
    this.rawHeaders = shared(asked.rawHeaders, before)
    this.operation = asked.operation
    this.startedAt = world.now()
    this.beganAt = performance.now()
    this.sent = undefined
    this.got = undefined
    this.fault = undefined
    this.problems = NONE
    this.isOver = false
    this.isAborted = false
    this.hasBodies = true
    this.weight = 0
    this.#status = 0
    this.#headLength = 0
    this.#isUsual = false
  }

  /** Undefined where there is no answer. */
  get status(): number | undefined {
    return this.#answer?.statusCode ?? (this.#status || undefined)
  }

  /** The headers of the answer, as they were sent: lines, or nothing. */
  get head(): string {
    if (this.#answer) return headOf(this.#answer.raw)
    const rest = this.#head.toString('latin1', 0, this.#headLength)
    return this.#isUsual ? USUAL + rest : rest
  }

  /** Takes a part of the request's body. */
  takeSent(chunk: Buffer): boolean {
    this.sent ??= new Content()
    if (this.hasBodies) this.sent.add(chunk)
    return !this.sent.isCut
  }

  /** Takes the answer, which is about to be sent. */
  takeAnswer(answer: Answer): void {
    this.#answer = answer
  }

  /** Takes the whole body of the answer. */
  takeBody(body: string | Uint8Array): void {
    this.got = kept(body)
  }

  /** Takes a part of the answer's body. */
  takeGot(chunk: Buffer | string): boolean {
    if (!(this.got instanceof Content)) this.got = new Content()
    // Streams that are made of texts have them for chunks.
    if (this.hasBodies) this.got.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    return !this.got.isCut
  }

  /** Nothing more comes. */
  end(): void {
    this.endedAt = performance.now()
    this.isOver = true
    const answer = this.#answer
    this.#answer = undefined
    if (answer?.raw.headersSent) {
      this.#status = answer.statusCode
      this.#write(headOf(answer.raw))
    }
    this.weight = sizeOf(this.sent) + sizeOf(this.got)
  }

  /** Forgets what takes most room. */
  dropBodies(): void {
    this.hasBodies = false
    this.sent = undefined
    this.got = undefined
    this.weight = 0
  }

  #write(head: string): void {
    this.#isUsual = head.startsWith(USUAL)
    const rest = this.#isUsual ? head.slice(USUAL.length) : head
    if (this.#head.length < rest.length) {
      this.#head = Buffer.allocUnsafeSlow(Math.ceil(rest.length / STEP) * STEP)
    }
    this.#headLength = this.#head.write(rest, 0, 'latin1')
  }
}

/** The headers of an answer as Node has sent them: the one place where all of them are. The first line is left out. */
function headOf(raw: ServerResponse): string {
  const head: unknown = Reflect.get(raw, '_header')
  return typeof head === 'string' ? head.slice(head.indexOf('\r\n') + 2) : ''
}

/** Some headers, with those that were the same before as they were: a client's hardly differ. */
function shared(headers: readonly string[], before: readonly string[]): readonly string[] {
  const { length } = headers
  if (length !== before.length) return headers
  for (let at = 0; at < length; at++) {
    if (headers[at] !== before[at])
      return headers.map((text, place) => (text === before[place] ? (before[place] ?? text) : text))
  }
  return before
}

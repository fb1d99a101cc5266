import type { ProblemDetail } from '../http/problem.js'
import { HEADERS, OPEN_CORS } from '../http/security.js'
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

type Headers = Readonly<Record<string, number | string | string[] | undefined>>

/** The answer to a request, as it is so far: a reply of Fastify's. */
export interface Answer {
  readonly statusCode: number
  getHeaders(): Headers
}

/** Headers have room in steps of this many bytes, so that a note fits the next ones too. */
const STEP = 128

/** What nearly every answer has. */
const USUAL: Headers = { ...HEADERS, ...OPEN_CORS }
const USUAL_COUNT = Object.keys(USUAL).length

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
  /** Undefined where there is no answer. */
  status: number | undefined
  /** While it is under way, where that can take long. */
  #answer: Answer | undefined
  #headers = NO_BYTES
  #headersLength = 0
  /** Whether the answer has the usual headers before those. */
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
    this.status = undefined
    this.#headersLength = 0
    this.#isUsual = false
  }

  /** The headers of the answer, as far as they are known: a line each. */
  get headers(): string {
    if (this.#answer) return linesOf(this.#answer.getHeaders())
    const rest = this.#headers.toString('latin1', 0, this.#headersLength)
    return this.#isUsual ? linesOf(USUAL) + rest : rest
  }

  /** Takes a part of the request's body. */
  takeSent(chunk: Buffer): boolean {
    this.sent ??= new Content()
    if (this.hasBodies) this.sent.add(chunk)
    return !this.sent.isCut
  }

  /** Takes an answer that is going to be sent part by part. */
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

  /**
   * Nothing more comes.
   * @param answer what was sent, if anything
   */
  end(answer: Answer | undefined): void {
    this.endedAt = performance.now()
    this.isOver = true
    this.#answer = undefined
    this.status = answer?.statusCode
    if (answer) this.#write(answer.getHeaders())
    this.weight = sizeOf(this.sent) + sizeOf(this.got)
  }

  /** Forgets what takes most room. */
  dropBodies(): void {
    this.hasBodies = false
    this.sent = undefined
    this.got = undefined
    this.weight = 0
  }

  #write(headers: Headers): void {
    let usual = 0
    let lines = ''
    for (const name in headers) {
      const value = headers[name]
      if (value === USUAL[name]) usual++
      else lines += lineOf(name, value)
    }
    this.#isUsual = usual === USUAL_COUNT
    if (!this.#isUsual) lines = linesOf(headers)
    if (this.#headers.length < lines.length) {
      this.#headers = Buffer.allocUnsafeSlow(Math.ceil(lines.length / STEP) * STEP)
    }
    this.#headersLength = this.#headers.write(lines, 0, 'latin1')
  }
}

function linesOf(headers: Headers): string {
  return Object.entries(headers)
    .map(([name, value]) => lineOf(name, value))
    .join('')
}

function lineOf(name: string, value: Headers[string]): string {
  return Array.isArray(value)
    ? value.map((each) => `${name}: ${each}\n`).join('')
    : `${name}: ${value}\n`
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

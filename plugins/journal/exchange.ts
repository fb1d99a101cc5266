import type { ProblemDetail } from '../http/problem.js'
import type { World } from '../workspaces/world.js'
import { type Body, bodyOf, Content, type Kept, kept, sizeOf } from './content.js'
import { NONE } from './problems.js'
import { hideInHeader, hideInUrl } from './secrets.js'

/** A request as it came. */
export interface Asked {
  readonly method: string
  /** Its path and query, without the workspace. */
  readonly url: string
  /** The same as it was sent. */
  readonly sentUrl: string
  /** Names and values in turn, as Node has them. */
  readonly rawHeaders: readonly string[]
  readonly operation: string | undefined
}

type Headers = Readonly<Record<string, number | string | string[] | undefined>>

/** The answer to a request, as it is so far: a reply of Fastify's. */
export interface Answer {
  readonly statusCode: number
  getHeaders(): Headers
}

/** What no header has in it. */
const BREAK = '\n'

/** The name and the value of a header. */
export type Header = readonly [name: string, value: string]

/** Headers and a body. */
export interface Message extends Body {
  readonly headers: readonly Header[]
}

/**
 * A request and its answer. What comes by is kept as it is, since this is done for each request: what it says is found out, and
 * what is secret is hidden, when somebody reads it.
 */
export class Exchange {
  readonly id: number
  readonly world: World
  readonly method: string
  readonly operation: string | undefined
  readonly #url: string
  readonly #sentUrl: string
  /** In one text, since each object that stays costs more than all there is to do with it. */
  readonly #headers: string
  /** By the world's clock: milliseconds since 1970. */
  readonly startedAt: number
  /** By a clock that nobody sets: milliseconds. */
  readonly beganAt = performance.now()
  #duration: number | undefined
  /** Undefined until it begins, and when it has ended. */
  #answer: Answer | undefined
  #status: number | undefined
  #answerHeaders: Headers | undefined
  #sent: Content | undefined
  #got: Kept | undefined
  /** What a fault has made of the answer. */
  fault: string | undefined = undefined
  problems: readonly ProblemDetail[] = NONE
  /** Whether it ended before all of its answer was sent. */
  isAborted = false
  /** How much memory its bodies take, in bytes, as far as somebody has asked. */
  weight = 0
  #hasBodies = true

  constructor(id: number, world: World, { method, operation, url, sentUrl, rawHeaders }: Asked) {
    this.id = id
    this.world = world
    this.method = method
    this.operation = operation
    this.#url = url
    this.#sentUrl = sentUrl
    this.#headers = rawHeaders.join(BREAK)
    this.startedAt = world.now()
  }

  /** The path and the query inside its world. */
  get url(): string {
    return hideInUrl(this.#url)
  }

  /** The path and the query as they were sent. */
  get sentUrl(): string {
    return hideInUrl(this.#sentUrl)
  }

  /** The path inside its world. */
  get path(): string {
    return this.#url.replace(/\?.*/s, '')
  }

  /** When it came: ISO 8601, UTC. */
  get time(): string {
    return new Date(this.startedAt).toISOString()
  }

  /** How long it has taken, or takes so far: milliseconds. */
  get duration(): number {
    const duration = this.#duration ?? performance.now() - this.beganAt
    return Math.round(duration * 1000) / 1000
  }

  /** Whether nothing more is to come. */
  get isOver(): boolean {
    return this.#duration !== undefined
  }

  /** Undefined where there is no answer. */
  get status(): number | undefined {
    return this.#answer?.statusCode ?? this.#status
  }

  /** Whether its bodies are kept still. */
  get hasBodies(): boolean {
    return this.#hasBodies
  }

  /** Takes a part of the request's body. */
  send(chunk: Buffer): boolean {
    this.#sent ??= new Content()
    if (this.#hasBodies) this.#sent.add(chunk)
    return !this.#sent.isCut
  }

  /** Takes the answer, which is about to be sent. */
  answer(answer: Answer): void {
    this.#answer = answer
  }

  /** Takes the whole body of the answer. */
  answerWith(body: string | Uint8Array): void {
    this.#got = kept(body)
  }

  /** Takes a part of the answer's body. */
  get(chunk: Buffer | string): boolean {
    if (!(this.#got instanceof Content)) this.#got = new Content()
    // Streams that are made of texts have them for chunks.
    if (this.#hasBodies) this.#got.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    return !this.#got.isCut
  }

  /**
   * Nothing more comes.
   * @param isAnswered whether at least the head of the answer was sent
   */
  end(isAnswered: boolean): void {
    this.#duration = performance.now() - this.beganAt
    if (isAnswered) {
      this.#status = this.#answer?.statusCode
      this.#answerHeaders = this.#answer?.getHeaders()
    }
    this.#answer = undefined
  }

  weigh(): number {
    this.weight = sizeOf(this.#sent) + sizeOf(this.#got)
    return this.weight
  }

  /** Forgets what takes most room. */
  dropBodies(): void {
    this.#hasBodies = false
    this.#sent = undefined
    this.#got = undefined
    this.weight = 0
  }

  request(): Message {
    const parts = this.#headers.split(BREAK)
    const headers: Header[] = []
    for (let at = 1; at < parts.length; at += 2) {
      headers.push(headerOf(parts[at - 1] ?? '', parts[at] ?? ''))
    }
    return { headers, ...bodyOf(this.#sent, headerIn(headers, 'content-type')) }
  }

  response(): Message {
    const headers = Object.entries(this.#answer?.getHeaders() ?? this.#answerHeaders ?? {}).flatMap(
      ([name, value]) => [value ?? []].flat().map((each) => headerOf(name, String(each))),
    )
    const body = this.#hasAnswerBody ? this.#got : undefined
    return { headers, ...bodyOf(body, headerIn(headers, 'content-type')) }
  }

  /** RFC 9110, section 6.4.1. */
  get #hasAnswerBody(): boolean {
    return this.method !== 'HEAD' && this.status !== 204 && this.status !== 304
  }
}

function headerOf(name: string, value: string): Header {
  return [name, hideInHeader(name, value)]
}

/** The value of a header, whatever the case of its name; undefined where it isn't there. */
export function headerIn(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1]
}

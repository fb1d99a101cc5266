import type { ProblemDetail } from '../http/problem.js'
import { type Body, bodyOf, type Kept } from './content.js'
import type { Note } from './note.js'
import { hideInHeader, hideInUrl } from './secrets.js'

/** The name and the value of a header. */
export type Header = readonly [name: string, value: string]

/** Headers and a body. */
export interface Message extends Body {
  readonly headers: readonly Header[]
}

/** A request and its answer, as one reads them: as they were when they were looked up, and without secrets. */
export class Exchange {
  readonly id: number
  readonly method: string
  readonly operation: string | undefined
  /** When it came, by the clock of the world: milliseconds since 1970. */
  readonly startedAt: number
  /** How long it took, or has taken so far: milliseconds. */
  readonly duration: number
  /** Undefined where there is no answer. */
  readonly status: number | undefined
  /** What a fault has made of the answer. */
  readonly fault: string | undefined
  readonly problems: readonly ProblemDetail[]
  /** Whether it ended before all of its answer was sent. */
  readonly isAborted: boolean
  /** Whether its bodies are kept still. */
  readonly hasBodies: boolean
  readonly #url: string
  readonly #sentUrl: string
  readonly #rawHeaders: readonly string[]
  readonly #headers: string
  readonly #sent: Kept | undefined
  readonly #got: Kept | undefined

  constructor(note: Note) {
    this.id = note.id
    this.method = note.method
    this.operation = note.operation
    this.startedAt = note.startedAt
    const until = note.isOver ? note.endedAt : performance.now()
    this.duration = Math.round((until - note.beganAt) * 1000) / 1000
    this.status = note.status
    this.fault = note.fault
    this.problems = note.problems
    this.isAborted = note.isAborted
    this.hasBodies = note.hasBodies
    this.#url = note.url
    this.#sentUrl = note.sentUrl
    this.#rawHeaders = note.rawHeaders
    this.#headers = note.headers
    this.#sent = note.sent
    this.#got = note.got
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

  request(): Message {
    const headers: Header[] = []
    for (let at = 1; at < this.#rawHeaders.length; at += 2) {
      headers.push(headerOf(this.#rawHeaders[at - 1] ?? '', this.#rawHeaders[at] ?? ''))
    }
    return { headers, ...bodyOf(this.#sent, headerIn(headers, 'content-type')) }
  }

  response(): Message {
    const headers = this.#headers.split('\n').flatMap((line) => {
      const [, name, value] = /^([^:]+): ?(.*)$/s.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [headerOf(name, value)]
    })
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

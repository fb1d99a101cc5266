import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { escapePointer } from '../../store/check.js'
import { MAX_VALUES } from '../../store/free-form.js'
import { Turns } from '../../store/turns.js'
import { errors } from './errors.js'
import { hasHalfPair } from './json.js'

/** How many bytes are parsed at once, unless one value has more. */
const AT_ONCE = 64 * 1024

/** How many commas and brackets one value may have: more than a record with the most values. */
const MOST_MARKS = 3 * MAX_VALUES

const [QUOTE, BACKSLASH, COMMA, COLON] = [...Buffer.from('"\\,:')]
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [...Buffer.from('[]{}')]
const SPACES: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t\r\n'))

/** Parses some text of JSON, as every body is. */
type Parse = (text: string) => unknown

/**
 * Parses a JSON object whose members are long lists, some of their items at a time, so that others have their turns.
 * @returns what is no object as it is
 * @throws 400
 */
export async function parseSliced(
  app: FastifyInstance,
  request: FastifyRequest,
  bytes: Buffer,
): Promise<unknown> {
  if (!isUtf8(bytes)) throw errors.notUnicode()
  const parseText = app.getDefaultJsonParser('error', 'error')
  const parse: Parse = (text) => {
    if (hasHalfPair(text)) throw errors.notUnicode()
    let result: unknown
    const done = (error: Error | null, value?: unknown) => {
      if (error) throw error
      result = value
    }
    parseText(request, text, done)
    return result
  }
  return new SlicedParser(bytes, parse).parse()
}

/** Finds where values begin and end. What is in them is the parser's to judge. */
class SlicedParser {
  readonly #bytes: Buffer
  readonly #parse: Parse
  readonly #turns = new Turns()
  #at = 0

  constructor(bytes: Buffer, parse: Parse) {
    this.#bytes = bytes
    this.#parse = parse
  }

  async parse(): Promise<unknown> {
    if (this.#next() !== OPEN) {
      const value = this.#value(this.#at, this.#end())
      if (this.#next() !== undefined) throw errors.notJson()
      return value
    }
    const members: [string, unknown][] = []
    let mark = this.#take()
    while (this.#next() !== CLOSE || mark === COMMA) {
      if (this.#next() !== QUOTE) throw errors.notJson()
      const name = String(this.#value(this.#at, this.#end()))
      const place = escapePointer(name)
      if (this.#next() !== COLON) throw errors.notJson()
      this.#take()
      const isList = this.#next() === OPEN_LIST
      const value = isList ? await this.#list(place) : this.#value(this.#at, this.#end(place))
      members.push([name, value])
      if (members.length > MAX_VALUES) throw tooManyValues()
      if (this.#turns.isOver) await this.#turns.next()
      mark = this.#next()
      if (mark === CLOSE) break
      if (mark !== COMMA) throw errors.notJson()
      this.#take()
    }
    this.#take()
    if (this.#next() !== undefined) throw errors.notJson()
    // Of a name that is there twice the last counts, as it does for JSON.parse.
    return Object.fromEntries(members)
  }

  async #list(name: string): Promise<unknown[]> {
    const items: unknown[] = []
    let mark = this.#take()
    while (this.#next() !== CLOSE_LIST || mark === COMMA) {
      const start = this.#at
      let end = start
      let count = items.length
      do {
        if (end > start) this.#take()
        this.#next()
        end = this.#end(`${name}/${count++}`)
        mark = this.#next()
      } while (mark === COMMA && end - start < AT_ONCE)
      const some = this.#parse(`[${this.#bytes.toString('utf8', start, end)}]`)
      if (!Array.isArray(some)) throw errors.notJson()
      for (const item of some) items.push(item)
      if (this.#turns.isOver) await this.#turns.next()
      if (mark === CLOSE_LIST) break
      if (mark !== COMMA) throw errors.notJson()
      this.#take()
    }
    this.#take()
    return items
  }

  #value(start: number, end: number): unknown {
    return this.#parse(this.#bytes.toString('utf8', start, end))
  }

  /** The next byte that is no space; it isn't taken. */
  #next(): number | undefined {
    while (SPACES.has(this.#bytes[this.#at])) this.#at++
    return this.#bytes[this.#at]
  }

  #take(): number | undefined {
    return this.#bytes[this.#at++]
  }

  /** Goes behind the value that begins here, and says where that is. */
  #end(place = ''): number {
    const bytes = this.#bytes
    const { length } = bytes
    let at = this.#at
    let depth = 0
    let marks = 0
    for (; at < length; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        at = this.#endOfText(at)
        if (depth === 0) {
          at++
          break
        }
      } else if (byte === OPEN || byte === OPEN_LIST) {
        depth++
        marks++
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        depth--
        if (depth <= 0) {
          // One that closes what is around the value ends it too.
          if (depth === 0) at++
          break
        }
      } else if (byte === COMMA) {
        if (depth === 0) break
        marks++
      }
      if (marks > MOST_MARKS) throw tooManyValues(place)
    }
    if (at === this.#at) throw errors.notJson()
    this.#at = at
    return at
  }

  /** Where the quote is that ends a text. */
  #endOfText(start: number): number {
    const bytes = this.#bytes
    const { length } = bytes
    for (let at = start + 1; at < length; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) return at
      if (byte === BACKSLASH) at++
    }
    throw errors.notJson()
  }
}

/** @param place a pointer without its first slash; nothing for the whole */
function tooManyValues(place?: string) {
  return errors.invalid('body', {
    path: place === undefined ? '' : `/${place}`,
    code: 'maxValues',
    params: { limit: MAX_VALUES },
  })
}

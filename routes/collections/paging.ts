import { firstOf, type Parameters } from './parameters.js'

/** How many records one page has at most. */
export const MAX_LIMIT = 10_000

/** How many records a page has where the query doesn't say. */
const DEFAULT_LIMIT = 10

/** Beyond every page that there is, and within what a number counts exactly when it is multiplied by a limit. */
const MAX_PAGE = 1e11

/** A part of a list, by json-server's rules. A client that asks for one is told the total too, in `X-Total-Count`. */
export interface Paging {
  readonly offset: number
  readonly limit: number
  /** The number of the page, where the list is cut into pages: a `Link` leads to the others. From 1. */
  readonly page?: number
  /** Whether the answer has the page in it, with numbers beside, as in json-server 1.x. */
  readonly isEnvelope: boolean
}

/** A page of a list as json-server 1.x has it. What isn't there, such as a page before the first, is null. */
export interface Envelope<T> {
  readonly first: number
  readonly prev: number | null
  readonly next: number | null
  readonly last: number
  readonly pages: number
  /** How many records match in all. */
  readonly items: number
  readonly data: readonly T[]
}

/**
 * Reads which part of a list is asked for: `_page` with `_per_page` or `_limit`; else `_end`, from `_start`; else `_limit`, from
 * `_start`. Of a repeated parameter the first counts. A page below 1, or none that is a number, is the first. A page of no size has
 * 10 records; of less than 1 (`_per_page`), 1. Elsewhere what is below 0, or no number, is 0. Fractions are cut off. There are never
 * more than `MAX_LIMIT`.
 * @returns undefined where nothing is said, and with `_start` alone: the list as a whole
 */
export function pagingOf(parameters: Parameters): Paging | undefined {
  const start = wholeNumber(firstOf(parameters, '_start')) ?? 0
  const end = firstOf(parameters, '_end')
  const limit = firstOf(parameters, '_limit')
  const page = firstOf(parameters, '_page')
  if (page !== undefined) {
    const perPage = firstOf(parameters, '_per_page')
    const size =
      perPage === undefined
        ? wholeNumber(limit) || DEFAULT_LIMIT
        : Math.max(wholeNumber(perPage) ?? DEFAULT_LIMIT, 1)
    const isEnvelope = perPage !== undefined
    return pageOf(Math.max(wholeNumber(page) ?? 1, 1), Math.min(size, MAX_LIMIT), isEnvelope)
  }
  if (end !== undefined) return partOf(start, (wholeNumber(end) ?? 0) - start)
  if (limit !== undefined) return partOf(start, wholeNumber(limit) ?? 0)
  return undefined
}

function pageOf(number: number, limit: number, isEnvelope: boolean): Paging {
  const page = Math.min(number, MAX_PAGE)
  return { offset: (page - 1) * limit, limit, page, isEnvelope }
}

function partOf(start: number, size: number): Paging {
  const limit = Math.max(0, Math.min(size, MAX_LIMIT))
  return { offset: start, limit, isEnvelope: false }
}

/** A number that something is counted by: not below 0, and whole. What follows its digits is passed over, as by `parseInt`. */
function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  const read = Number.isNaN(number) ? Number.parseInt(text, 10) : Math.trunc(number)
  return Number.isNaN(read) ? undefined : Math.max(0, Math.min(read, Number.MAX_SAFE_INTEGER))
}

/**
 * An envelope's page past the end is the last one (elsewhere it is empty).
 * @returns what to ask for instead, once the total is known; undefined where the page is there
 */
export function lastInstead(paging: Paging, total: number): Paging | undefined {
  const last = lastOf(paging, total)
  const isPast = paging.isEnvelope && paging.page !== undefined && paging.page > last
  return isPast ? pageOf(last, paging.limit, true) : undefined
}

/** The number of the last page; the first is always there. */
function lastOf({ limit }: Paging, total: number): number {
  return Math.max(1, Math.ceil(total / limit))
}

/** The page in its envelope. */
export function envelopeOf<T>(paging: Paging, total: number, data: readonly T[]): Envelope<T> {
  const { page = 1 } = paging
  const last = lastOf(paging, total)
  return {
    first: 1,
    prev: page > 1 ? page - 1 : null,
    next: page < last ? page + 1 : null,
    last,
    pages: last,
    items: total,
    data,
  }
}

/**
 * The `Link` (RFC 8288) from a page to the first, the previous, the next and the last one.
 * @param url where the request went, with its query, which stays as it is but for the page
 * @returns undefined where all is on one page, and past the end
 */
export function linkOf(url: string, paging: Paging, total: number): string | undefined {
  const { page } = paging
  const last = lastOf(paging, total)
  if (page === undefined || last === 1 || page > last) return undefined
  const links: [string, number][] = [['first', 1]]
  if (page > 1) links.push(['prev', page - 1])
  if (page < last) links.push(['next', page + 1])
  links.push(['last', last])
  const urlOf = urlsFrom(url)
  return links.map(([name, number]) => `<${urlOf(number)}>; rel="${name}"`).join(', ')
}

/** Makes a page's URL out of another's: the number of the page is in the place of the first, and the only one. */
function urlsFrom(url: string): (page: number) => string {
  const [path = '', ...rest] = url.replace(UNSAFE, escaped).split('?')
  const parameters = rest.join('?').split('&')
  const at = parameters.findIndex(isPage)
  const others = parameters.filter((each) => !isPage(each))
  return (page) => `${path}?${others.toSpliced(at, 0, `_page=${page}`).join('&')}`
}

function isPage(parameter: string): boolean {
  const [name = ''] = parameter.split('=', 1)
  return /^_page(\[\d*\])?$/.test(name.replace(ESCAPE, unescaped))
}

/** What may not stand between `<` and `>`, nor in a header. */
const UNSAFE = /[^\x21\x23-\x3b\x3d\x3f-\x7e]/g

/** A byte of the request's first line, which Node gives as a character of Latin-1. */
function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

const ESCAPE = /%([\da-f]{2})/gi

function unescaped(_escape: string, code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16))
}

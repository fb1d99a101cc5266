import { parse } from 'node:querystring'
import t from 'tap'
import {
  envelopeOf,
  lastInstead,
  linkOf,
  type Paging,
  pagingOf,
} from '../../../routes/collections/paging.js'
import { parametersOf } from '../../../routes/collections/parameters.js'

const asked = (query: string): Paging | undefined => pagingOf(parametersOf(parse(query)))

/** Of a query that asks for a part. */
function partOf(query: string): Paging {
  const paging = asked(query)
  if (!paging) throw new Error(`${query} asks for no part`)
  return paging
}

/** A query, and which of the numbers from 1 to 30 json-server 0.17.4 answers with. */
const AS_JSON_SERVER: readonly [string, number, number][] = [
  ['_page=1', 1, 10],
  ['_page=3', 21, 30],
  ['_page=4', 0, 0],
  ['_page=99', 0, 0],
  ['_page=0', 1, 10],
  ['_page=-1', 1, 10],
  ['_page=abc', 1, 10],
  ['_page=1.7', 1, 10],
  ['_page=2x', 11, 20],
  ['_page=2&_page=1', 11, 20],
  ['_page=5&_limit=7', 29, 30],
  ['_page=1&_limit=0', 1, 10],
  ['_page=1&_limit=', 1, 10],
  ['_page=1&_limit=undefined', 1, 10],
  ['_page=1&_limit=2.9', 1, 2],
  ['_page=2&_limit=5&_end=3&_start=1', 6, 10],
  ['_end=5', 1, 5],
  ['_end=0', 0, 0],
  ['_end=abc', 0, 0],
  ['_start=2&_end=5', 3, 5],
  ['_start=5&_end=2', 0, 0],
  ['_start=28&_end=50', 29, 30],
  ['_start=abc&_end=5', 1, 5],
  ['_start=1.9&_end=3.9', 2, 3],
  ['_start=2&_end=4&_limit=10', 3, 4],
  ['_end=&_limit=3', 1, 3],
  ['_limit=5', 1, 5],
  ['_limit=0', 0, 0],
  ['_limit=abc', 0, 0],
  ['_limit=1.5', 1, 1],
  ['_start=2&_limit=5', 3, 7],
  ['_start=29&_limit=5', 30, 30],
]

t.test('a part of a list, as json-server 0.17.4 cuts it', async (t) => {
  const numbers = Array.from({ length: 30 }, (_, index) => index + 1)
  for (const [query, first, last] of AS_JSON_SERVER) {
    const { offset, limit } = partOf(query)
    const part = numbers.slice(offset, offset + limit)
    t.strictSame([part.at(0) ?? 0, part.at(-1) ?? 0], [first, last], query)
  }
})

t.test('the list as a whole', async (t) => {
  for (const query of ['', '_start=2', '_page=', '_end=', '_limit=', '_per_page=3', 'page=2']) {
    t.equal(asked(query), undefined, query)
  }
})

/** Where json-server counts from the end, is unbounded, or reads 1e3 as 1. */
const BEYOND: readonly [string, number, number][] = [
  ['_start=-2&_end=5', 0, 5],
  ['_end=-2', 0, 0],
  ['_limit=-5', 0, 0],
  ['_page=1&_limit=-5', 0, 10],
  ['_page=2&_limit=1e3', 1_000, 1_000],
  ['_page=1&_limit=1e9', 0, 10_000],
  ['_limit=1000000000', 0, 10_000],
  ['_start=7&_limit=Infinity', 7, 10_000],
  ['_start=5&_end=1e9', 5, 10_000],
  ['_page=1e9', 9_999_999_990, 10],
]

t.test('and where it does so with less sense', async (t) => {
  for (const [query, offset, limit] of BEYOND) t.match(asked(query), { offset, limit }, query)
})

t.test('numbers of any size are ones that are counted exactly', async (t) => {
  const huge = [
    '1e15',
    '1e308',
    '1e999',
    'Infinity',
    '9'.repeat(400),
    '-1e999',
    'NaN',
    '0x7fffffffffffffff',
  ]
  for (const text of huge) {
    for (const query of [
      `_page=${text}`,
      `_page=${text}&_limit=${text}`,
      `_page=${text}&_per_page=${text}`,
      `_start=${text}&_end=${text}`,
      `_start=${text}&_limit=${text}`,
    ]) {
      const { offset, limit } = partOf(query)
      t.ok(Number.isSafeInteger(offset) && offset >= 0, query)
      t.ok(Number.isSafeInteger(limit) && limit >= 0 && limit <= 10_000, query)
    }
  }
})

/** The names and the pages of the links from a URL. */
function linksFrom(url: string, total: number): string[] | undefined {
  const paging = partOf(new URL(url).search.slice(1))
  return linkOf(url, paging, total)?.split(', ')
}

t.test('links lead to the other pages, and keep the rest of the query as it came', async (t) => {
  const url = 'http://localhost:3000/posts?title=a%20b&_page=2&_limit=10&tags[]=x&x=1'
  const rest = (page: number) =>
    `<http://localhost:3000/posts?title=a%20b&_page=${page}&_limit=10&tags[]=x&x=1>`
  t.strictSame(linksFrom(url, 45), [
    `${rest(1)}; rel="first"`,
    `${rest(1)}; rel="prev"`,
    `${rest(3)}; rel="next"`,
    `${rest(5)}; rel="last"`,
  ])
})

t.test('which links there are', async (t) => {
  const links: [string, number, string | undefined][] = [
    ['_page=1', 30, 'first=1 next=2 last=3'],
    ['_page=3', 30, 'first=1 prev=2 last=3'],
    ['_page=abc', 30, 'first=1 next=2 last=3'],
    ['_page=2&_page=7', 30, 'first=1 prev=1 next=3 last=3'],
    ['_page[]=2', 30, 'first=1 prev=1 next=3 last=3'],
    ['_page%5B%5D=2', 30, 'first=1 prev=1 next=3 last=3'],
    ['x_page=5&%5Fpage=2&_page', 30, 'first=1 prev=1 next=3 last=3'],
    ['_page=2&_per_page=20', 30, 'first=1 prev=1 last=2'],
    ['_page=1', 10, undefined],
    ['_page=1', 0, undefined],
    ['_page=4', 30, undefined],
    ['_page=1e9', 30, undefined],
    ['_limit=5', 30, undefined],
    ['_end=0', 30, undefined],
  ]
  for (const [query, total, expected] of links) {
    const is = linksFrom(`http://localhost/posts?${query}`, total)?.map((link) => {
      const [, page, rel] =
        /^<http:\/\/localhost\/posts\?(?:.*&)?_page=(\d+)\b.*>; rel="(\w+)"$/.exec(link) ?? []
      t.equal(link.match(/[?&](_|%5F)page/g)?.length, 1, link)
      return `${rel}=${page}`
    })
    t.equal(is?.join(' '), expected, `${query} of ${total}`)
  }
})

t.test('no URL breaks out of its link', async (t) => {
  const paging = { offset: 0, limit: 1, page: 1, isEnvelope: false }
  const link = linkOf('/posts?a=<>"; rel=x\r\nx: Ã©&_page=1&b?=\ud800', paging, 2)
  t.equal(
    link?.split(', ')[0],
    '</posts?a=%3C%3E%22;%20rel=x%0D%0Ax:%20%C3%A9&_page=1&b?=%D800>; rel="first"',
  )
})

t.test('an envelope, as json-server 1.0.0-beta.15 has it', async (t) => {
  const numbers = (prev: number | null, next: number | null, pages: number, items: number) => {
    return { first: 1, prev, next, last: pages, pages, items }
  }
  const envelopes: [string, number, object][] = [
    ['_page=1&_per_page=5', 12, numbers(null, 2, 3, 12)],
    ['_page=3&_per_page=5', 12, numbers(2, null, 3, 12)],
    ['_page=99&_per_page=5', 12, numbers(2, null, 3, 12)],
    ['_page=1e99&_per_page=5', 12, numbers(2, null, 3, 12)],
    ['_page=0&_per_page=5', 12, numbers(null, 2, 3, 12)],
    ['_page=2&_per_page=0', 12, numbers(1, 3, 12, 12)],
    ['_page=2&_per_page=-3', 12, numbers(1, 3, 12, 12)],
    ['_page=2&_per_page=abc', 12, numbers(1, null, 2, 12)],
    ['_page=1.5&_per_page=2.5', 12, numbers(null, 2, 6, 12)],
    ['_page=1&_per_page=100&_limit=3', 12, numbers(null, null, 1, 12)],
    ['_page=1&_per_page=5', 0, numbers(null, null, 1, 0)],
    ['_page=7&_per_page=5', 0, numbers(null, null, 1, 0)],
  ]
  for (const [query, total, expected] of envelopes) {
    const first = partOf(query)
    const paging = lastInstead(first, total) ?? first
    t.equal(paging.isEnvelope, true, query)
    t.strictSame(envelopeOf(paging, total, ['x']), { ...expected, data: ['x'] }, query)
  }
})

t.test('past the end an envelope has the last page, and a list is empty', async (t) => {
  const last = { offset: 10, limit: 5, page: 3, isEnvelope: true }
  for (const [query, instead] of [
    ['_page=9&_per_page=5', last],
    ['_page=3&_per_page=5', undefined],
    ['_page=9&_limit=5', undefined],
    ['_end=5', undefined],
  ] as const) {
    t.strictSame(lastInstead(partOf(query), 12), instead, query)
  }
})

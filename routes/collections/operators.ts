import type { Predicate } from '../../store/query.js'
import type { Patterns } from './patterns.js'

/** Which records are asked for, by what the user put into them. */
export type Filter = Predicate<'content'>

/** Where a value is in a record. */
export type Place = readonly ['content', ...string[]]

/** What an operator asks of the value at a place, given the texts that it may be compared with: of them one must fit. */
type Operator = (place: Place, texts: readonly string[], patterns: Patterns) => Filter

/** What no record is. */
export const NOTHING: Filter = { or: [] }

/** The operators by their names, json-server's. They compare texts: a record's 7 is `7`. None holds for null. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['eq', (path, texts) => ({ path, op: 'is', value: texts })],
  ['ne', (path, texts) => ({ path, op: 'isNot', value: texts })],
  [
    'in',
    (path, texts) => ({
      path,
      op: 'is',
      value: texts.flatMap((text) => text.split(',').map((each) => each.trim())),
    }),
  ],
  ['gt', (path, texts) => above('gt', path, texts)],
  ['gte', (path, texts) => above('gte', path, texts)],
  ['lt', (path, texts) => below('lt', path, texts)],
  ['lte', (path, texts) => below('lte', path, texts)],
  ['like', like],
  ['contains', (path, texts) => textual('contains', path, texts)],
  ['startsWith', (path, texts) => textual('startsWith', path, texts)],
  ['endsWith', (path, texts) => textual('endsWith', path, texts)],
])

/** The filter that one of these holds. */
export function anyOf(filters: readonly Filter[]): Filter {
  const [only, ...others] = filters
  return only && others.length === 0 ? only : { or: filters }
}

/** The filter that all of these hold. */
export function allOf(filters: readonly Filter[]): Filter {
  const [only, ...others] = filters
  return only && others.length === 0 ? only : { and: filters }
}

/** What is above one of some bounds is above the lowest; texts have another lowest than numbers. */
function above(op: 'gt' | 'gte', path: Place, texts: readonly string[]): Filter {
  return range(op, path, texts, (a, b) => a < b)
}

function below(op: 'lt' | 'lte', path: Place, texts: readonly string[]): Filter {
  return range(op, path, texts, (a, b) => a > b)
}

function range(
  op: 'gt' | 'gte' | 'lt' | 'lte',
  path: Place,
  texts: readonly string[],
  isLooser: <T extends string | number>(a: T, b: T) => boolean,
): Filter {
  const loosest = <T extends string | number>(bounds: readonly T[]): Filter[] => {
    const [first, ...others] = bounds
    if (first === undefined) return []
    return [{ path, op, value: others.reduce((a, b) => (isLooser(a, b) ? a : b), first) }]
  }
  const numbers = texts.map(Number).filter((number) => !Number.isNaN(number))
  return anyOf([...loosest(texts), ...loosest(numbers.map(finite))])
}

/** A number that JSON has, for one that a text can be. */
function finite(number: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(number, Number.MAX_VALUE))
}

/** One of some regular expressions, letter case aside; what is none is looked for as it stands. */
function like(path: Place, texts: readonly string[], patterns: Patterns): Filter {
  return anyOf(
    [...new Set(texts)].map((value): Filter => {
      return { path, op: patterns.accepts(value) ? 'matches' : 'contains', value }
    }),
  )
}

function textual(
  op: 'contains' | 'startsWith' | 'endsWith',
  path: Place,
  texts: readonly string[],
): Filter {
  return anyOf([...new Set(texts)].map((value): Filter => ({ path, op, value })))
}

import { compareValues } from './order.js'
import { readerOf } from './paths.js'
import { patternTest } from './pattern.js'
import { type Comparison, type Predicate, textOf } from './query.js'

/** A record, to code that knows no collection in particular. */
export interface Row {
  readonly id: number
  readonly version: number
  readonly [field: string]: unknown
}

/** Says of each record whether a predicate holds. */
export function testOf(predicate: Predicate): (row: Row) => boolean {
  if ('and' in predicate) {
    const tests = predicate.and.map(testOf)
    return (row) => tests.every((test) => test(row))
  }
  if ('or' in predicate) {
    const tests = predicate.or.map(testOf)
    return (row) => tests.some((test) => test(row))
  }
  const read = readerOf(predicate.path)
  const test = valueTestOf(predicate)
  return (row) => test(read(row))
}

function valueTestOf(comparison: Comparison): (value: unknown) => boolean {
  switch (comparison.op) {
    case 'eq':
      return (value) => value === comparison.value
    case 'ne':
      return (value) => value !== comparison.value
    case 'in': {
      const values = new Set<unknown>(comparison.value)
      return (value) => values.has(value)
    }
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return orderTestOf(comparison.op, comparison.value)
    case 'is':
    case 'isNot': {
      const texts = new Set(comparison.value)
      const isWanted = comparison.op === 'is'
      return (value) => {
        const text = textOf(value)
        return text !== undefined && texts.has(text) === isWanted
      }
    }
    case 'matches': {
      const isMatch = patternTest(comparison.value)
      return (value) => {
        const text = textOf(value)
        return text !== undefined && isMatch(text)
      }
    }
    default:
      return textTestOf(comparison.op, comparison.value.toLowerCase())
  }
}

function orderTestOf(op: 'lt' | 'lte' | 'gt' | 'gte', bound: string | number) {
  const isWanted = {
    lt: (difference: number) => difference < 0,
    lte: (difference: number) => difference <= 0,
    gt: (difference: number) => difference > 0,
    gte: (difference: number) => difference >= 0,
  }[op]
  return (value: unknown) => typeof value === typeof bound && isWanted(compareValues(value, bound))
}

function textTestOf(op: 'contains' | 'startsWith' | 'endsWith', needle: string) {
  const isIn = {
    contains: (text: string) => text.includes(needle),
    startsWith: (text: string) => text.startsWith(needle),
    endsWith: (text: string) => text.endsWith(needle),
  }[op]
  const isWanted = (text: string) => isIn(text.toLowerCase())
  return (value: unknown) =>
    typeof value === 'string'
      ? isWanted(value)
      : op === 'contains' && typeof value === 'object' && someTextIn(value, isWanted)
}

/**
 * Whether a text in a value is as asked for: the value itself, or what is in it, however deep. Numbers, true and false are
 * texts too; the names of fields are none.
 */
export function someTextIn(value: unknown, isWanted: (text: string) => boolean): boolean {
  if (typeof value === 'string') return isWanted(value)
  if (typeof value === 'number' || typeof value === 'boolean') return isWanted(String(value))
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((each) => someTextIn(each, isWanted))
}

/** The comparisons that all must hold; what stands in an `or` is one of the rest. */
export function conjunctsOf(predicate: Predicate | undefined): Predicate[] {
  if (!predicate) return []
  return 'and' in predicate ? predicate.and.flatMap(conjunctsOf) : [predicate]
}

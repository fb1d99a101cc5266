import { isObject } from '../../seed/json-type.js'
import { type FreeForm, faultIn } from '../../store/free-form.js'
import { allOf, anyOf, type Filter, NOTHING, OPERATORS, type Place } from './operators.js'
import { Patterns } from './patterns.js'

/** How long a condition may be, in UTF-16 code units. */
const MAX_LENGTH = 10_000

/**
 * Reads `_where`, json-server 1.x's conditions in JSON: `{"views":{"gt":100}}`, of which all must hold; `or` and `and` with lists
 * of such; objects in objects for values in values, as in `{"author":{"name":{"eq":"Ann"}}}`. A field may have its value itself,
 * `{"title":"One"}`, and a list for one of some values. What is asked in a way that nothing can answer, nothing answers.
 * @returns undefined for what is no condition: text that isn't a JSON object, is longer than 10,000 characters, or deeper than a
 * record may be. json-server passes over it and over nothing else, and so do clients' half-written ones do no harm.
 */
export function whereOf(text: string): Filter | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const condition = parsed(text)
  if (!isObject(condition) || faultIn(condition)) return undefined
  return filterOf(condition, ['content'], new Patterns())
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The filter of an object, about what is at a place. */
function filterOf(condition: FreeForm, place: Place, patterns: Patterns): Filter {
  return allOf(
    Object.entries(condition).map(([name, value]) => {
      if (name === 'or') return anyOf(alternatives(value, place, patterns))
      if (name === 'and' && Array.isArray(value)) return allOf(alternatives(value, place, patterns))
      return fieldFilterOf(value, [...place, name], patterns)
    }),
  )
}

function alternatives(value: unknown, place: Place, patterns: Patterns): Filter[] {
  if (!Array.isArray(value)) return []
  return value.map((each: unknown) => (isObject(each) ? filterOf(each, place, patterns) : NOTHING))
}

function fieldFilterOf(value: unknown, place: Place, patterns: Patterns): Filter {
  if (!isObject(value)) return comparisonOf('eq', value, place, patterns)
  const comparisons = Object.entries(value).filter(([name]) => OPERATORS.has(name))
  if (comparisons.length === 0) return filterOf(value, place, patterns)
  return allOf(comparisons.map(([name, bound]) => comparisonOf(name, bound, place, patterns)))
}

function comparisonOf(name: string, bound: unknown, path: Place, patterns: Patterns): Filter {
  const bounds: unknown[] = Array.isArray(bound) ? bound : [bound]
  const texts = bounds.filter(isScalar).map(String)
  const isNull: Filter[] = bounds.includes(null) ? [{ path, op: 'eq', value: null }] : []
  if (name === 'eq' || name === 'in') return anyOf([{ path, op: 'is', value: texts }, ...isNull])
  if (texts.length === 0 && name !== 'ne') return NOTHING
  return OPERATORS.get(name)?.(path, texts, patterns) ?? NOTHING
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

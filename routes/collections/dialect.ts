import type { Sort } from '../../store/query.js'
import { allOf, type Filter, NOTHING, OPERATORS, type Place } from './operators.js'
import { type Paging, pagingOf } from './paging.js'
import { firstOf, type Parameters, parametersOf, valuesOf } from './parameters.js'
import { Patterns } from './patterns.js'
import { whereOf } from './where.js'

/** What a query asks of a list. */
export interface ListQuery {
  /** All records without it. */
  readonly where: Filter | undefined
  /** The order of the list itself where there is none. */
  readonly sort: readonly Sort<'content' | 'id'>[]
  /** The list as a whole without it. */
  readonly paging: Paging | undefined
  /** The names in `_embed`, each once. */
  readonly embed: readonly string[]
  /** The names in `_expand`, each once. */
  readonly expand: readonly string[]
}

/** Whether a record of the collection has something at these names, by what is known of their shape. */
export type IsField = (path: readonly string[]) => boolean

/** What has a meaning of its own, and is never a field. */
const OWN = new Set(
  'q _ callback _page _limit _per_page _start _end _sort _order _embed _expand _where _delay'.split(
    ' ',
  ),
)

/** The operators that may follow a name after `_`. After `:` they all may. */
const SUFFIXES = new Set(['ne', 'gte', 'lte', 'gt', 'lt', 'like'])

/** How many keys an order has at most. */
const MAX_KEYS = 100

/**
 * Reads the query of a list, in json-server 0.17's grammar and 1.x's; where they differ, the former. Nothing is refused: what has no
 * meaning is passed over, as are fields that no record has.
 * @param query as Fastify parses it
 */
export function listQueryOf(
  query: Readonly<Record<string, string | readonly string[] | undefined>>,
  isField: IsField,
): ListQuery {
  const parameters = parametersOf(query)
  return {
    where: filterOf(parameters, isField),
    sort: sortOf(parameters, isField),
    paging: pagingOf(parameters),
    embed: [...new Set(valuesOf(parameters, '_embed'))],
    expand: [...new Set(valuesOf(parameters, '_expand'))],
  }
}

/** What all must hold: a condition in JSON, or else one for each field; and the text in `q`. */
function filterOf(parameters: Parameters, isField: IsField): Filter | undefined {
  const filters: Filter[] = []
  const condition = firstOf(parameters, '_where')
  const where = condition === undefined ? undefined : whereOf(condition)
  if (where) filters.push(where)
  else filters.push(...fieldFilters(parameters, isField))
  const q = firstOf(parameters, 'q')
  if (q !== undefined) filters.push({ path: 'content', op: 'contains', value: q })
  return filters.length > 0 ? allOf(filters) : undefined
}

function fieldFilters(parameters: Parameters, isField: IsField): Filter[] {
  const patterns = new Patterns()
  const filters: Filter[] = []
  for (const [key, texts] of parameters) {
    if (OWN.has(key)) continue
    const filter = fieldFilterOf(key, texts, isField, patterns)
    if (filter) filters.push(filter)
  }
  return filters
}

/**
 * What one parameter asks of a field: an operator that its name ends in, where the rest is a field; equality, where the whole is one.
 * An operator on no field holds for no record, since none has a value there.
 */
function fieldFilterOf(
  key: string,
  texts: readonly string[],
  isField: IsField,
  patterns: Patterns,
): Filter | undefined {
  const [name, operator] = split(key)
  const path = pathTo(name, isField)
  if (operator && isField(path)) {
    return OPERATORS.get(operator)?.(placeOf(path), texts, patterns)
  }
  const whole = pathTo(key, isField)
  if (isField(whole)) return { path: placeOf(whole), op: 'is', value: texts }
  return operator && !key.startsWith('_') ? NOTHING : undefined
}

/** A parameter's name without the operator at its end, and that, if there is one. */
function split(key: string): [string, string | undefined] {
  const at = Math.max(key.lastIndexOf(':'), key.lastIndexOf('_'))
  const operator = key.slice(at + 1)
  const isOperator = key[at] === ':' ? OPERATORS.has(operator) : SUFFIXES.has(operator)
  return at >= 0 && isOperator ? [key.slice(0, at), operator] : [key, undefined]
}

/** The names on the way to a value: `a.b` is `b` in `a`, unless a field has that very name. */
function pathTo(name: string, isField: IsField): readonly string[] {
  return name.includes('.') && !isField([name]) ? name.split('.') : [name]
}

function placeOf(path: readonly string[]): Place {
  return ['content', ...path]
}

/** The order that `_sort` and `_order` ask for; `-` before a name turns it round too. Ties stay in the order of the list. */
function sortOf(parameters: Parameters, isField: IsField): Sort<'content' | 'id'>[] {
  const orders = valuesOf(parameters, '_order').join(',').split(',')
  const keys: Sort<'content' | 'id'>[] = []
  for (const [index, name] of valuesOf(parameters, '_sort').join(',').split(',').entries()) {
    if (keys.length === MAX_KEYS) break
    const plain = pathTo(name, isField)
    const isTurned = name.startsWith('-') && !isField(plain)
    const path = isTurned ? pathTo(name.slice(1), isField) : plain
    if (!isField(path)) continue
    const descending = isTurned || orders[index]?.toLowerCase() === 'desc'
    keys.push({ path: placeOf(path), descending, nulls: 'last' })
  }
  return keys.length > 0 ? [...keys, { path: 'id' }] : []
}

import { setImmediate } from 'node:timers/promises'
import type { Page } from '../engine.js'
import type { Predicate, Query, Selection } from '../query.js'
import { type Access, accessTo } from './indexes.js'
import { comparisonOf, type Row, testOf } from './predicate.js'
import type { Schema } from './schema.js'
import type { Chunk, SortedList } from './sorted-list.js'
import type { State } from './state.js'

/** How many chunks a scan looks at before it lets other work have a turn: well under a millisecond's worth. */
const CHUNKS_AT_ONCE = 16

/** A page of what matches. */
export async function find(
  state: State,
  { offset = 0, limit, ...selection }: Query,
): Promise<Page<Row>> {
  const access = checkedAccess(state.schema, selection)
  const list = state.list(access.at, access.key)
  if (!list) return { items: [], total: 0 }
  if (access.rest.length === 0 && !access.isUnsorted) {
    return { items: list.slice(offset, limit), total: list.length }
  }
  const matches: Row[] = []
  for await (const batch of batches(state.schema, list.chunks, access.rest)) matches.push(...batch)
  if (access.isUnsorted) matches.sort(comparisonOf(selection.sort ?? []))
  return { items: matches.slice(offset, offset + limit), total: matches.length }
}

/** Everything that matches, some at a time. */
export async function* stream(
  state: State,
  selection: Selection = {},
): AsyncIterable<readonly Row[]> {
  const access = checkedAccess(state.schema, selection)
  const list = state.list(access.at, access.key)
  if (!list) return
  if (access.isUnsorted) {
    yield (await find(state, { ...selection, limit: Number.POSITIVE_INFINITY })).items
    return
  }
  // Whoever reads them does more with each than a scan.
  yield* batches(state.schema, list.chunks, access.rest, 1)
}

/** The records that an index gives for a predicate, all at once. */
export function listFor(state: State, where: Predicate): SortedList<Row> | undefined {
  const { at, key } = checkedAccess(state.schema, { where })
  return state.list(at, key)
}

/** @throws Error where everything would have to be looked at, and that isn't a search */
function checkedAccess(schema: Schema, selection: Selection): Access {
  const access = accessTo(schema.plans, selection)
  const isScan =
    access.isUnsorted ||
    (access.rest.length > 0 && !access.isNarrow && !searchIn(schema, access.rest))
  if (isScan && !schema.declaration.scans) {
    throw schema.unanswerable(`index for ${JSON.stringify(selection)}`)
  }
  return access
}

/** What of some predicates is a search of a searchable field. */
function searchIn(schema: Schema, predicates: readonly Predicate[]) {
  for (const predicate of predicates) {
    if (!('op' in predicate) || predicate.op !== 'contains') continue
    const texts = schema.texts.get(String(predicate.path))
    if (texts) return { predicate, texts, needle: predicate.value.toLowerCase() }
  }
  return undefined
}

/** What of a list meets some predicates, chunk by chunk; now and then other work has a turn. */
async function* batches(
  schema: Schema,
  chunks: readonly Chunk<Row>[],
  predicates: readonly Predicate[],
  atOnce = CHUNKS_AT_ONCE,
): AsyncIterable<readonly Row[]> {
  const search = searchIn(schema, predicates)
  const rest = predicates.filter((each) => each !== search?.predicate)
  const isWanted = rest.length > 0 ? testOf({ and: rest }) : undefined
  for (const [count, chunk] of chunks.entries()) {
    if (count > 0 && count % atOnce === 0) await setImmediate()
    const found = search ? search.texts.search(chunk, search.needle) : chunk
    const matches = isWanted ? found.filter(isWanted) : found
    if (matches.length > 0) yield matches
  }
}

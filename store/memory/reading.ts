import { setImmediate } from 'node:timers/promises'
import type { Page } from '../engine.js'
import type { Predicate, Query, Selection } from '../query.js'
import { accessTo, orderOf } from './indexes.js'
import { comparisonOf, type Row, testOf } from './predicate.js'
import type { Schema } from './schema.js'
import type { Chunk, SortedList } from './sorted-list.js'
import type { State } from './state.js'

/** How many chunks a scan looks at before it lets other work have a turn: well under a millisecond's worth. */
const CHUNKS_AT_ONCE = 16

/** Where the records of a query are. */
interface Source {
  readonly lists: readonly SortedList<Row>[]
  /** What is left to be looked at record by record. */
  readonly rest: readonly Predicate[]
  /** Whether what is found has to be sorted. */
  readonly isUnsorted: boolean
}

/** A page of what matches. */
export async function find(
  state: State,
  { offset = 0, limit, ...selection }: Query,
): Promise<Page<Row>> {
  const { lists, rest, isUnsorted } = sourceOf(state, selection)
  const [list] = lists
  if (!list) return { items: [], total: 0 }
  if (rest.length === 0 && !isUnsorted) {
    return { items: list.slice(offset, limit), total: list.length }
  }
  const matches: Row[] = []
  for await (const batch of batches(state.schema, chunksOf(lists), rest)) matches.push(...batch)
  if (isUnsorted) matches.sort(comparisonOf(selection.sort ?? []))
  return { items: matches.slice(offset, offset + limit), total: matches.length }
}

/** Everything that matches, some at a time. */
export async function* stream(
  state: State,
  selection: Selection = {},
): AsyncIterable<readonly Row[]> {
  const { lists, rest, isUnsorted } = sourceOf(state, selection)
  if (isUnsorted) {
    yield (await find(state, { ...selection, limit: Number.POSITIVE_INFINITY })).items
    return
  }
  // Whoever reads them does more with each than a scan.
  yield* batches(state.schema, chunksOf(lists), rest, 1)
}

/** The records that a declared index gives for a predicate, all at once. */
export function listFor(state: State, where: Predicate): SortedList<Row> | undefined {
  return sourceOf(state, { where }).lists[0]
}

/** @throws Error where everything would have to be looked at, and that isn't a search */
function sourceOf(state: State, selection: Selection): Source {
  const { schema } = state
  const access = accessTo(schema.plans, selection)
  const named = access.isNarrow ? undefined : namedIn(state, access.rest)
  const isUnsorted = named ? orderOf(selection.sort ?? []) !== '' : access.isUnsorted
  const isNarrow = access.isNarrow || named !== undefined
  const isScan =
    isUnsorted || (access.rest.length > 0 && !isNarrow && !searchIn(schema, access.rest))
  if (isScan && !schema.declaration.scans) {
    throw schema.unanswerable(`index for ${JSON.stringify(selection)}`)
  }
  if (named) {
    const rest = access.rest.filter((each) => each !== named.predicate)
    return { lists: named.lists, rest, isUnsorted: isUnsorted || named.lists.length > 1 }
  }
  const list = state.list(access.at, access.key)
  return { lists: list ? [list] : [], rest: access.rest, isUnsorted }
}

/** What of some predicates names its records by their texts, as few of them as possible. */
function namedIn(state: State, predicates: readonly Predicate[]) {
  let best: { predicate: Predicate; lists: SortedList<Row>[]; total: number } | undefined
  for (const predicate of predicates) {
    if (!('op' in predicate) || predicate.op !== 'is') continue
    const listOf = state.listsAt(predicate.path)
    if (!listOf) continue
    const lists = [...new Set(predicate.value)].flatMap((text) => listOf(text) ?? [])
    const total = lists.reduce((sum, { length }) => sum + length, 0)
    if (!best || total < best.total) best = { predicate, lists, total }
  }
  return best
}

function chunksOf(lists: readonly SortedList<Row>[]): readonly Chunk<Row>[] {
  return lists.flatMap(({ chunks }) => chunks)
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

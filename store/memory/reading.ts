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

/** Where no more are left, an index would hardly narrow them down. */
const FEW_RECORDS = 1000

/** Where the records of a query are. */
interface Source {
  readonly lists: readonly SortedList<Row>[]
  /** What is left to be looked at record by record. */
  readonly rest: readonly Predicate[]
  /** Whether what is found has to be sorted. */
  readonly isUnsorted: boolean
  /** What an index would help to find, and there is none. */
  readonly index?: NameTest | undefined
}

type NameTest = Extract<Predicate, { readonly op: 'is' | 'isNot' }>

/** A page of what matches. */
export async function find(
  state: State,
  { offset = 0, limit, ...selection }: Query,
): Promise<Page<Row>> {
  const source = sourceOf(state, selection)
  const { lists, rest, isUnsorted } = source.index ? await indexed(state, selection) : source
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
  const { lists, rest, isUnsorted } = await indexed(state, selection)
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
  const { named, unnamed } = namedIn(state, access.isNarrow ? [] : access.rest)
  const isUnsorted = named ? orderOf(selection.sort ?? []) !== '' : access.isUnsorted
  const isNarrow = access.isNarrow || named !== undefined
  const isScan =
    isUnsorted || (access.rest.length > 0 && !isNarrow && !searchIn(schema, access.rest))
  if (isScan && !schema.declaration.scans) {
    throw schema.unanswerable(`index for ${JSON.stringify(selection)}`)
  }
  const isLarge = !named || named.total > FEW_RECORDS
  const index = schema.declaration.scans && isLarge && !access.isNarrow ? unnamed : undefined
  if (named) {
    const rest = access.rest.filter((each) => each !== named.predicate)
    return { lists: named.lists, rest, isUnsorted: isUnsorted || named.lists.length > 1, index }
  }
  const list = state.list(access.at, access.key)
  return { lists: list ? [list] : [], rest: access.rest, isUnsorted, index }
}

/** The same once an index is made, where one helps. */
async function indexed(state: State, selection: Selection): Promise<Source> {
  const source = sourceOf(state, selection)
  const { index } = source
  const made = index && state.makeIndex(index.path, index.value)
  if (!made) return source
  await made
  return sourceOf(state, selection)
}

/**
 * What of some predicates names its records by their texts, as few of them as possible, and the first that would if there were
 * an index.
 */
function namedIn(state: State, predicates: readonly Predicate[]) {
  let named: { predicate: Predicate; lists: SortedList<Row>[]; total: number } | undefined
  let unnamed: NameTest | undefined
  for (const predicate of predicates) {
    if (!('op' in predicate) || predicate.op !== 'is') continue
    const lists = state.listsOf(predicate.path, predicate.value)
    if (!lists) {
      unnamed ??= predicate
      continue
    }
    const total = lists.reduce((sum, { length }) => sum + length, 0)
    if (!named || total < named.total) named = { predicate, lists, total }
  }
  return { named, unnamed }
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

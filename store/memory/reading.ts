import { accessTo, nameOf } from '../access.js'
import type { Page } from '../engine.js'
import { namesOf } from '../paths.js'
import { type Row, testOf } from '../predicate.js'
import type { Predicate, Query, Selection, Sort } from '../query.js'
import { Turns } from '../turns.js'
import { keyOf } from './indexes.js'
import type { Schema } from './schema.js'
import type { Chunk, SortedList } from './sorted-list.js'
import { type Collector, First, InOrder, Sorting } from './sorting.js'
import type { State } from './state.js'

/** How many records a scan looks at between two looks at the clock. */
const AT_ONCE = 16

/** How many records whoever is in no hurry takes at once. */
const UNHURRIED = 256

/** Among no more than these an index finds hardly anything faster, and a page that ends here is best kept while all are looked at. */
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
  const found = collectorFor(isUnsorted ? (selection.sort ?? []) : undefined, offset, limit)
  for await (const batch of batches(state.schema, chunksOf(lists), rest)) found.add(batch)
  return { items: await found.page(offset, limit), total: found.length }
}

/** Everything that matches, some at a time. */
export async function* stream(
  state: State,
  selection: Selection = {},
): AsyncIterable<readonly Row[]> {
  const { lists, rest, isUnsorted } = await indexed(state, selection)
  if (!isUnsorted) {
    // Whoever reads them does more with each than a scan.
    yield* batches(state.schema, chunksOf(lists), rest, true)
    return
  }
  const found = new Sorting(selection.sort ?? [])
  for await (const batch of batches(state.schema, chunksOf(lists), rest)) found.add(batch)
  yield* found.batches()
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
  const isUnsorted = named ? nameOf(selection.sort ?? []) !== '' : access.isUnsorted
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
  const { fields = [] } = schema.plans[access.at] ?? {}
  const list = state.list(access.at, keyOf(access.values, fields))
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

/** @param sort the order in which they have to be put; none where they come in order */
function collectorFor(sort: readonly Sort[] | undefined, offset: number, limit: number): Collector {
  const end = limit === 0 ? 0 : offset + limit
  if (!sort) return new InOrder(end)
  // Each key of an order takes its time.
  return end * Math.max(1, sort.length) <= FEW_RECORDS ? new First(sort, end) : new Sorting(sort)
}

function chunksOf(lists: readonly SortedList<Row>[]): readonly Chunk<Row>[] {
  const [first, second] = lists
  return first && !second ? first.chunks : lists.flatMap(({ chunks }) => chunks)
}

/** What of some predicates is a search of a searchable field. */
function searchIn(schema: Schema, predicates: readonly Predicate[]) {
  for (const predicate of predicates) {
    if (!('op' in predicate) || predicate.op !== 'contains') continue
    const [field = '', ...inner] = namesOf(predicate.path)
    const texts = inner.length === 0 ? schema.texts.get(field) : undefined
    if (texts) return { predicate, texts, needle: predicate.value.toLowerCase() }
  }
  return undefined
}

/**
 * What of some chunks meets some predicates; now and then other work has a turn.
 * @param isUnhurried whether it has one after so many records, however quick they were
 */
async function* batches(
  schema: Schema,
  chunks: readonly Chunk<Row>[],
  predicates: readonly Predicate[],
  isUnhurried = false,
): AsyncIterable<readonly Row[]> {
  const search = searchIn(schema, predicates)
  const rest = predicates.filter((each) => each !== search?.predicate)
  const isWanted = rest.length > 0 ? testOf({ and: rest }) : undefined
  const atOnce = rest.some(isSlow) ? 1 : AT_ONCE
  const turns = new Turns()
  let count = 0
  for (const chunk of chunks) {
    if (turns.isOver || (isUnhurried && count >= UNHURRIED)) {
      await turns.next()
      count = 0
    }
    count += chunk.length
    const found = search ? search.texts.search(chunk, search.needle) : chunk
    let matches: readonly Row[] =
      found ?? (await filtered(chunk, testOf({ and: predicates }), turns, 1))
    if (found && isWanted) matches = await filtered(found, isWanted, turns, atOnce)
    if (matches.length > 0) yield matches
  }
}

/** Those that are wanted, with a look at the clock after so many. */
async function filtered(
  rows: readonly Row[],
  isWanted: (row: Row) => boolean,
  turns: Turns,
  atOnce: number,
): Promise<readonly Row[]> {
  const wanted: Row[] = []
  for (const [at, row] of rows.entries()) {
    if (isWanted(row)) wanted.push(row)
    if (at % atOnce === atOnce - 1 && turns.isOver) await turns.next()
  }
  return wanted
}

/** Whether a look at a single record can take milliseconds: at its long texts, with a regular expression. */
function isSlow(predicate: Predicate): boolean {
  if ('and' in predicate) return predicate.and.some(isSlow)
  if ('or' in predicate) return predicate.or.some(isSlow)
  return predicate.op === 'matches'
}

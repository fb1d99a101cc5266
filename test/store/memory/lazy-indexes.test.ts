import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { LazyIndexes } from '../../../store/memory/lazy-indexes.js'
import { SortedList } from '../../../store/memory/sorted-list.js'
import type { Row } from '../../../store/predicate.js'
import { turnAtEveryLook } from '../../fixtures/turns.js'

const row = (id: number, text: unknown = id % 7): Row => ({ id, version: 1, text })

/** A collection of records by id, which tells its indexes of each change. */
function newCollection(length: number, now?: () => number, textOf?: (id: number) => unknown) {
  const list = new SortedList<Row>((a, b) => a.id - b.id)
  for (let id = 1; id <= length; id++) list.add(row(id, textOf?.(id)))
  const indexes = new LazyIndexes(now)
  return {
    list,
    indexes,
    add: (added: Row) => {
      list.add(added)
      indexes.change(undefined, added, list.length)
    },
    replace: (old: Row, changed: Row) => {
      list.replace(old, changed)
      indexes.change(old, changed, list.length)
    },
    remove: (removed: Row) => {
      list.remove(removed)
      indexes.change(removed, undefined, list.length)
    },
    ids: (text: string) =>
      indexes
        .get('text')
        ?.get(text)
        ?.slice(0, 1e6)
        .map(({ id }) => id),
  }
}

t.test('what changes while an index is made is in it, and other work has its turns', async (t) => {
  const { list, indexes, add, remove, replace, ids } = newCollection(20_000)
  turnAtEveryLook(t)
  const made = indexes.make('text', list)
  t.equal(indexes.make('text', list), made, 'it is made once')
  t.equal(indexes.get('text'), undefined, 'it is not ready')
  t.equal(indexes.copy().size, 0)
  let isMade = false
  made?.then(() => {
    isMade = true
  })
  let turns = 0
  for (; !isMade; turns++) {
    // More than there is to catch up with could go on for ever.
    if (turns < 100) {
      const [first] = list.slice(0, 1)
      if (first) remove(first)
      const [second] = list.slice(10_000, 1)
      if (second) replace(second, row(second.id, 'changed'))
      add(row(100_001 + turns, '3'))
    }
    await setImmediate()
  }
  t.ok(turns > 100, `${turns} turns`)
  for (const text of ['0', '3', 'changed']) {
    const expected = list.slice(0, 1e6).filter((each) => String(each.text) === text)
    t.strictSame(
      ids(text),
      expected.map(({ id }) => id),
    )
  }
})

t.test('few records need none', (t) => {
  const { list, indexes } = newCollection(100)
  t.equal(indexes.make('text', list), undefined)
  t.end()
})

t.test('there are eight at most, and the one not used for longest goes', async (t) => {
  const { list, indexes } = newCollection(1000)
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const paths = names.map((name) => ['text', name] as const)
  for (const path of paths) await indexes.make(path, list)
  t.ok(indexes.get(['text', 'a']))
  await indexes.make('text', list)
  t.equal(indexes.size, 8)
  t.ok(indexes.get(['text', 'a']))
  t.notOk(indexes.get(['text', 'b']))
  t.ok(indexes.get(['text', 'c']))

  // Not one of them is made in one turn.
  const large = newCollection(
    1000,
    () => 1,
    (id) => Object.fromEntries(names.map((name) => [name, `${name}${id}`])),
  )
  turnAtEveryLook(t)
  const made = paths.map((path) => large.indexes.make(path, large.list))
  t.equal(large.indexes.make('text', large.list), undefined, 'those that are being made stay')
  await Promise.all(made)
  await large.indexes.make('text', large.list)
  t.notOk(large.indexes.get(['text', 'a']))
})

t.test('one that nobody uses for a minute goes with the next change', async (t) => {
  let now = 1_000_000
  const { list, indexes, add } = newCollection(1000, () => now)
  await indexes.make('text', list)
  now += 59_000
  t.ok(indexes.get('text'))
  now += 59_000
  add(row(2000))
  t.ok(indexes.get('text'))
  now += 61_000
  t.equal(indexes.size, 1)
  add(row(2001))
  t.equal(indexes.size, 0)
})

t.test('a collection that is too large has none, and fewer the larger it is', async (t) => {
  const { list, indexes } = newCollection(1000)
  await indexes.make('text', list)
  await indexes.make('other', list)
  indexes.change(undefined, row(3000), 2_100_000)
  t.notOk(indexes.get('text'))
  t.ok(indexes.get('other'))
  indexes.change(undefined, row(3001), 4_100_000)
  t.equal(indexes.size, 0)
})

t.test('texts of any kind are kept apart', async (t) => {
  const { list, indexes, add, ids } = newCollection(600)
  await indexes.make('text', list)
  const texts = ['', 'x', '__proto__', 'constructor', 'ab', 'é', '😀', 'y'.repeat(256)]
  for (const [at, text] of texts.entries()) add(row(1000 + at, text))
  for (const [at, text] of texts.entries()) t.strictSame(ids(text), [1000 + at])
  add(row(2000, 'y'.repeat(257)))
  add(row(2001, null))
  add(row(2002, undefined))
  t.strictSame(ids('y'.repeat(257)), undefined)
  t.strictSame(ids('null'), undefined)
})

t.test('what differs little from what it was is looked at only where it does', async (t) => {
  let reads = 0
  const counted = (id: number): Row => ({
    id,
    version: 1,
    get text() {
      reads++
      return id % 7
    },
  })
  const before = new SortedList<Row>((a, b) => a.id - b.id)
  for (let id = 1; id <= 20_000; id++) before.add(counted(id))
  const origin = new LazyIndexes()
  const indexOf = async () => {
    await origin.make('text', before)
    return origin.get('text')
  }

  const list = before.copy()
  const indexes = new LazyIndexes()
  const [first, second] = list.slice(7_000, 2)
  if (!first || !second) throw new Error('There are so many')
  list.remove(first)
  list.replace(second, row(second.id, 'changed'))
  const made = indexes.make('text', list, { all: before, indexOf })
  list.add(row(30_000, 'meanwhile'))
  indexes.change(undefined, row(30_000, 'meanwhile'), list.length)
  await made
  t.ok(reads < 21_000, 'each once, for the index of what it was')
  for (const text of ['0', '1', '2', 'changed', 'meanwhile']) {
    const expected = list.slice(0, 1e6).filter((each) => String(each.text) === text)
    t.strictSame(indexes.get('text')?.get(text)?.slice(0, 1e6), expected)
  }
  t.equal((await indexOf())?.get('changed'), undefined)

  const others = new LazyIndexes()
  await others.make('text', list, { all: before, indexOf: async () => undefined })
  t.equal(others.get('text')?.get('3')?.length, indexes.get('text')?.get('3')?.length)
  t.equal(others.get('text')?.get('changed')?.length, 1)
})

import fc from 'fast-check'
import t from 'tap'
import { First, Sorting } from '../../../store/memory/sorting.js'
import { comparisonOf } from '../../../store/order.js'
import type { Row } from '../../../store/predicate.js'
import type { Sort } from '../../../store/query.js'
import { turnAtEveryLook, turnsOf } from '../../fixtures/turns.js'

const path = fc.constantFrom<Sort['path']>('a', ['b', 'c'], 'id', ['id'], '__proto__')
const sort: fc.Arbitrary<Sort[]> = fc.array(
  fc.record(
    { path, descending: fc.boolean(), nulls: fc.constant('last') },
    { requiredKeys: ['path'] },
  ),
  { maxLength: 4 },
)

const value = fc.constantFrom(undefined, null, true, false, 0, 1, 2.5, '', 'x', 'X', [1], {})

t.test('any page of any order is what a plain sort gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ a: value, c: value }), { maxLength: 700 }),
      fc.integer({ min: 1, max: 300 }),
      sort,
      fc.nat(800),
      fc.nat(300),
      async (values, batchLength, sort, offset, limit) => {
        const rows = values.map(({ a, c }, at): Row => ({ id: at + 1, version: 1, a, b: { c } }))
        const expected = rows.toSorted(comparisonOf(sort)).slice(offset, offset + limit)
        for (const collector of [new First(sort, offset + limit), new Sorting(sort)]) {
          for (let from = 0; from < rows.length; from += batchLength) {
            collector.add(rows.slice(from, from + batchLength))
          }
          t.equal(collector.length, rows.length)
          const page = await collector.page(offset, limit)
          t.strictSame(
            page.map(({ id }) => id),
            expected.map(({ id }) => id),
          )
        }
      },
    ),
    { numRuns: 200 },
  )
})

t.test('many pieces are put together, and other work has its turns', async (t) => {
  const rows = Array.from({ length: 100_000 }, (_, at): Row => {
    return { id: at + 1, version: 1, a: (at * 7919) % 10_007 }
  })
  const sorting = new Sorting([{ path: 'a', descending: true }])
  for (let from = 0; from < rows.length; from += 256) sorting.add(rows.slice(from, from + 256))
  const sort = async () => {
    const sorted: Row[] = []
    for await (const batch of sorting.batches()) sorted.push(...batch)
    return sorted
  }
  turnAtEveryLook(t)
  const { done: sorted, turns } = await turnsOf(sort())
  const expected = rows.sort((a, b) => Number(b.a) - Number(a.a) || b.id - a.id)
  t.strictSame(
    sorted.map(({ id }) => id),
    expected.map(({ id }) => id),
  )
  t.ok(turns > 100, `${turns} turns`)
})

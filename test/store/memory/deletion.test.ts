import { Type } from '@sinclair/typebox'
import t from 'tap'
import { declare } from '../../../store/declaration.js'
import { countOf } from '../../../store/lookups.js'
import { AT_ONCE } from '../../../store/memory/deletion.js'
import { MemoryEngine } from '../../../store/memory/engine.js'
import { turnsOf } from '../../fixtures/turns.js'

const authorId = Type.Union([Type.Integer(), Type.Null()])

const declarations = {
  authors: declare({ name: Type.String() }),
  books: declare({ authorId }, { references: { authorId: { to: 'authors', onDelete: 'delete' } } }),
}

/** How many books an author has. */
const MANY = 5 * AT_ONCE

t.test('others have their turns during a long deletion, however quick it is', async (t) => {
  const engine = new MemoryEngine()
  t.teardown(() => engine.close())
  const { authors, books } = await engine.open(declarations)
  await authors.insert({ name: 'Ann' })
  await books.insertMany(Array.from({ length: MANY }, () => ({ authorId: 1 })))
  const deletion = turnsOf(authors.delete(1))
  t.equal(await countOf(books), MANY, 'who reads at once reads what there was')
  const { done, turns } = await deletion
  t.match(done, { name: 'Ann' })
  t.equal(await countOf(books), 0)
  // Each goes, and is then asked what goes along with it.
  t.ok(turns > 1.5 * (MANY / AT_ONCE), `${turns} turns`)
})

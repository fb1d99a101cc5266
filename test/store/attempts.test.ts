import t, { type Test } from 'tap'
import { type Attempts, WINDOW } from '../../store/attempts.js'
import { collections, newUser, type Store } from '../../store/collections.js'
import { LoginMemory } from '../../store/memory/attempts.js'
import { MemoryEngine } from '../../store/memory/engine.js'
import { PostgresEngine } from '../../store/postgres/engine.js'
import { startPglite, type TestDatabase } from '../fixtures/pglite.js'
import { NO_POSTGRES, newSchema, startPostgres } from '../fixtures/postgres.js'

interface Opened {
  readonly users: Store['users']
  /** Those of one process, and of another where there can be one. */
  readonly one: Attempts
  readonly other: Attempts
}

const ADDRESS = '127.0.0.1'
const LIMIT = 3

async function openMemory(t: Test): Promise<Opened> {
  const engine = new MemoryEngine()
  t.teardown(() => engine.close())
  const store = await engine.open(collections)
  const attempts = new LoginMemory().attemptsOn(store)
  return { users: store.users, one: attempts, other: attempts }
}

async function openDatabase(t: Test, at: TestDatabase): Promise<Opened> {
  const schema = newSchema()
  const open = async () => {
    const engine = new PostgresEngine({ ...at, schema })
    t.teardown(() => engine.close())
    return engine.openWhole(collections)
  }
  const [one, other] = [await open(), await open()]
  return { users: one.view.users, one: one.shared.attempts, other: other.shared.attempts }
}

function testAttempts(name: string, open: (t: Test) => Promise<Opened>, skip: string | false) {
  t.test(name, { skip }, async (t) => {
    const { users, one, other } = await open(t)
    const insert = (username: string) => users.insert(newUser({ username, passwordHash: null }))
    const fail = async (username: string, times = LIMIT) => {
      for (let count = 0; count < times; count++) await one.addFailure(username, ADDRESS)
    }

    t.test('of failures at once each is told another number', async (t) => {
      await insert('Ann')
      const numbers = Array.from({ length: 20 }, (_, at) => at + 1)
      const told = await Promise.all(
        numbers.map((number) => (number % 2 === 0 ? one : other).addFailure('Ann', ADDRESS)),
      )
      t.same(
        told.map(({ failures }) => failures).sort((a, b) => a - b),
        numbers,
      )
      // What one has waited for is a little later than itself.
      for (const { remaining } of told) t.ok(remaining > 0 && remaining < 2 * WINDOW)
      t.match(await other.of('Ann', ADDRESS), { user: { username: 'Ann' }, failures: 20 })
      t.match(await other.of('Ann', '127.0.0.2'), { failures: 0 })
    })

    t.test('who logs in is known from then on, unless the limit has been reached', async (t) => {
      const user = await insert('Bob')
      await fail('Bob')
      const reached = { user, failures: LIMIT, isKnown: false }
      t.match(await other.addSuccess(user, ADDRESS, LIMIT), reached)
      t.match(await one.of('Bob', ADDRESS), reached)
      t.match(await other.addSuccess(user, ADDRESS, LIMIT + 1), { ...reached, isKnown: true })
      t.match(await one.of('Bob', ADDRESS), { ...reached, isKnown: true })
      t.match(await other.addSuccess(user, ADDRESS, LIMIT), { isKnown: true }, 'it stays so')
      t.match(await other.of('Bob', '127.0.0.2'), { failures: 0, isKnown: false })
    })

    t.test('where there is no limit none is reached', async (t) => {
      const user = await insert('Cid')
      await fail('Cid')
      const noted = await other.addSuccess(user, ADDRESS, Number.POSITIVE_INFINITY)
      t.match(noted, { failures: LIMIT, isKnown: true })
    })

    t.test('nobody is known by what another of the same name was', async (t) => {
      const first = await insert('Dan')
      await one.addSuccess(first, ADDRESS, LIMIT)
      await users.delete(first.id)
      const second = await insert('Dan')
      t.match(await other.of('Dan', ADDRESS), { user: { id: second.id }, isKnown: false })
      await fail('Dan')
      t.match(await other.addSuccess(second, ADDRESS, LIMIT), { isKnown: false })
    })
  })
}

testAttempts('in memory', openMemory, false)
testAttempts('PGlite', async (t) => openDatabase(t, await startPglite(t)), false)
testAttempts('PostgreSQL', async (t) => openDatabase(t, await startPostgres(t)), NO_POSTGRES)

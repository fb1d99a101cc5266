import type { Project, Store, User } from './collections.js'
import type { BaseRecord, FieldOf } from './declaration.js'
import type { Collection } from './engine.js'
import { normalName } from './names.js'
import { equal, type Selection } from './query.js'

/** Everything that matches, in one list: for what is small, or whole by its contract. */
export async function all<R extends BaseRecord>(
  collection: Collection<R>,
  selection?: Selection<FieldOf<R>>,
): Promise<R[]> {
  const records: R[] = []
  for await (const batch of collection.stream(selection))
    for (const each of batch) records.push(each)
  return records
}

/** What two streams by id give, as one by id, and each record once. */
export async function* merged<A>(
  one: AsyncIterable<readonly A[]>,
  other: AsyncIterable<readonly A[]>,
  idOf: (each: A) => number,
): AsyncIterable<readonly A[]> {
  const rests = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()]
  // Both at once, so that both are of one moment.
  let batches = await Promise.all(rests.map(nextOf))
  while (batches.every((batch) => batch.length > 0)) {
    // What comes later is behind the last of each.
    const end = Math.min(...batches.map((batch) => Math.max(...batch.slice(-1).map(idOf))))
    const ready = new Map<number, A>()
    for (const each of batches.flat()) if (idOf(each) <= end) ready.set(idOf(each), each)
    yield [...ready.values()].sort((a, b) => idOf(a) - idOf(b))
    const left = batches.map((batch) => batch.filter((each) => idOf(each) > end))
    batches = await Promise.all(
      left.map((batch, at) => (batch.length > 0 ? batch : nextOf(rests[at]))),
    )
  }
  for (const [at, batch] of batches.entries()) {
    for (let next = batch; next.length > 0; next = await nextOf(rests[at])) yield next
  }
}

/** The next of some batches; an empty one when there is none. */
async function nextOf<T>(rest: AsyncIterator<readonly T[]> | undefined): Promise<readonly T[]> {
  const next = await rest?.next()
  if (!next || next.done) return []
  return next.value.length > 0 ? next.value : nextOf(rest)
}

/** How many records match. */
export async function countOf<R extends BaseRecord>(
  collection: Collection<R>,
  selection?: Selection<FieldOf<R>>,
): Promise<number> {
  return (await collection.find({ ...selection, limit: 0 })).total
}

/** The user who has a name, however it is written: before others the one whose own has the very same characters. */
export async function userNamed(
  { users }: Pick<Store, 'users'>,
  username: string,
): Promise<User | undefined> {
  return users.getBy({ username }, { name: normalName(username) })
}

/**
 * The name by which an account of a data file is told apart: null where another that came before has it already, written in another
 * way.
 */
export async function nameFor(
  { users }: Pick<Store, 'users'>,
  username: string,
): Promise<string | null> {
  const name = normalName(username)
  return (await users.getBy({ name })) ? null : name
}

/** The first by id of the projects that a user works on. */
export async function firstProjectOf(
  { memberships }: Pick<Store, 'memberships'>,
  { id }: User,
): Promise<Project | undefined> {
  const { items } = await memberships.joined('projectId').find({
    where: equal({ userId: id }),
    sort: [{ path: 'projectId' }],
    limit: 1,
  })
  return items[0]?.target
}

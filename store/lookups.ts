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
export async function* merged<R extends BaseRecord>(
  one: AsyncIterable<readonly R[]>,
  other: AsyncIterable<readonly R[]>,
): AsyncIterable<readonly R[]> {
  const rests = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()]
  // Both at once, so that both are of one moment.
  let batches = await Promise.all(rests.map(nextOf))
  while (batches.every((batch) => batch.length > 0)) {
    // What comes later is behind the last of each.
    const end = Math.min(...batches.map((batch) => batch.at(-1)?.id ?? 0))
    const ready = batches.flatMap((batch) => batch.filter(({ id }) => id <= end))
    ready.sort((a, b) => a.id - b.id)
    yield ready.filter(({ id }, at) => id !== ready[at - 1]?.id)
    const left = batches.map((batch) => batch.filter(({ id }) => id > end))
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
  return (await users.getBy({ username })) ?? users.getBy({ name: normalName(username) })
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

/** The users whom records belong to, by their id. Who has been deleted since the records were read is not there. */
export async function ownersOf(
  { users }: Pick<Store, 'users'>,
  records: readonly { readonly userId: number | null }[],
): Promise<ReadonlyMap<number | null, User>> {
  const ids = new Set<number>()
  for (const { userId } of records) if (userId !== null) ids.add(userId)
  const found = await Promise.all([...ids].map((id) => users.get(id)))
  return new Map(found.flatMap((user) => (user ? [[user.id, user]] : [])))
}

/** The first by id of the projects that a user works on. */
export async function firstProjectOf(
  { memberships, projects }: Pick<Store, 'memberships' | 'projects'>,
  { id }: User,
): Promise<Project | undefined> {
  const { items } = await memberships.find({
    where: equal({ userId: id }),
    sort: [{ path: 'projectId' }],
    limit: 1,
  })
  const [first] = items
  return first && projects.get(first.projectId)
}

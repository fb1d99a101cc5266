import type { Project, Store, User } from './collections.js'
import type { BaseRecord, FieldOf } from './declaration.js'
import type { Collection } from './engine.js'
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

/** How many records match. */
export async function countOf<R extends BaseRecord>(
  collection: Collection<R>,
  selection?: Selection<FieldOf<R>>,
): Promise<number> {
  return (await collection.find({ ...selection, limit: 0 })).total
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

import type { User } from './collections.js'
import type { Store } from './engine.js'

/** The users whom records belong to, by their id. Who has been deleted since the records were read is not there. */
export async function ownersOf(
  { users }: Store,
  records: readonly { readonly userId: number | null }[],
): Promise<ReadonlyMap<number | null, User>> {
  const ids = new Set<number>()
  for (const { userId } of records) if (userId !== null) ids.add(userId)
  const found = await Promise.all([...ids].map((id) => users.get(id)))
  return new Map(found.flatMap((user) => (user ? [[user.id, user]] : [])))
}

/** The user whom one record belongs to, if that one is still there. */
export async function ownerOf(
  { users }: Store,
  { userId }: { readonly userId: number | null },
): Promise<User | undefined> {
  return userId === null ? undefined : users.get(userId)
}

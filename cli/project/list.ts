import type { Store } from '../../store/collections.js'
import { all } from '../../store/lookups.js'
import { printRows, type Row } from '../table.js'
import { type ListFlags, readTarget } from '../target.js'

/** Lists the projects. */
export async function listProjects(flags: ListFlags): Promise<void> {
  const target = await readTarget(flags)
  printRows(['id', 'name', 'description', 'members'], await target.read(rowsOf), flags)
}

async function rowsOf(store: Store): Promise<readonly Row[]> {
  const members = new Map<number, string[]>()
  for (const { userId, projectId } of await all(store.memberships)) {
    const user = await store.users.get(userId)
    if (user) members.set(projectId, [...(members.get(projectId) ?? []), user.username])
  }
  const projects = await all(store.projects)
  return projects.map(({ id, name, description }) => ({
    id,
    name,
    description,
    members: members.get(id) ?? [],
  }))
}

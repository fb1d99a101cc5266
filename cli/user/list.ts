import type { Store } from '../../store/collections.js'
import { all } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { printRows, type Row } from '../table.js'
import { type ListFlags, readTarget } from '../target.js'

/** Lists the users. */
export async function listUsers(flags: ListFlags): Promise<void> {
  const target = await readTarget(flags)
  printRows(['id', 'username', 'email', 'admin', 'projects'], await target.read(rowsOf), flags)
}

async function rowsOf(store: Store): Promise<readonly Row[]> {
  const users = await all(store.users)
  const rows = []
  for (const { id, username, email, admin } of users) {
    const memberships = await all(store.memberships, {
      where: equal({ userId: id }),
      sort: [{ path: 'projectId' }],
    })
    const projects = []
    for (const { projectId } of memberships) {
      projects.push((await store.projects.get(projectId))?.name)
    }
    rows.push({ id, username, email, admin, projects })
  }
  return rows
}

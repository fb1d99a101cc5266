import { all } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { chosenDataFile } from '../data-file/find.js'
import { load } from '../data-file/load.js'
import { printRows } from '../table.js'

/** Lists the users of the data file. */
export async function listUsers(flags: {
  readonly dataFile?: string
  readonly json?: boolean
}): Promise<void> {
  const { store } = await load(await chosenDataFile(flags.dataFile))
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
  printRows(['id', 'username', 'email', 'admin', 'projects'], rows, flags)
}

import { chosenDataFile } from '../data-file/find.js'
import { load } from '../data-file/load.js'
import { printRows } from '../table.js'

/** Lists the users of the data file. */
export async function listUsers(flags: {
  readonly dataFile?: string
  readonly json?: boolean
}): Promise<void> {
  const { store } = await load(await chosenDataFile(flags.dataFile))
  const { items } = await store.users.find()
  const rows = []
  for (const { id, username, email, admin } of items) {
    const memberships = await store.memberships.find({ where: { userId: id }, order: 'project' })
    const projects = []
    for (const { projectId } of memberships.items) {
      projects.push((await store.projects.get(projectId))?.name)
    }
    rows.push({ id, username, email, admin, projects })
  }
  printRows(['id', 'username', 'email', 'admin', 'projects'], rows, flags)
}

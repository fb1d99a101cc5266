import { all } from '../../store/lookups.js'
import { chosenDataFile } from '../data-file/find.js'
import { load } from '../data-file/load.js'
import { printRows } from '../table.js'

/** Lists the projects of the data file. */
export async function listProjects(flags: {
  readonly dataFile?: string
  readonly json?: boolean
}): Promise<void> {
  const { store } = await load(await chosenDataFile(flags.dataFile))
  const members = new Map<number, string[]>()
  for (const { userId, projectId } of await all(store.memberships)) {
    const user = await store.users.get(userId)
    if (user) members.set(projectId, [...(members.get(projectId) ?? []), user.username])
  }
  const projects = await all(store.projects)
  const rows = projects.map(({ id, name, description }) => ({
    id,
    name,
    description,
    members: members.get(id) ?? [],
  }))
  printRows(['id', 'name', 'description', 'members'], rows, flags)
}

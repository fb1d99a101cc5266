import type { Project, User } from './collections.js'
import type { Store } from './engine.js'

/** The first by id of the projects that a user works on. */
export async function firstProjectOf(
  { memberships, projects }: Store,
  { id: userId }: User,
): Promise<Project | undefined> {
  const { items } = await memberships.find({ where: { userId }, order: 'project', limit: 1 })
  const [first] = items
  return first && projects.get(first.projectId)
}

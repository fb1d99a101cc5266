import type { FastifyRequest } from 'fastify'
import type { Task } from '../../store/collections.js'

/** A task that the request may see: one's own, or as an admin any. Another user's is as none: who has what is nobody's business. */
export async function visibleTask(
  { store, user }: Pick<FastifyRequest, 'store' | 'user'>,
  id: string,
): Promise<Task | undefined> {
  const task = await store.tasks.getBy({ publicId: id.toLowerCase() })
  return task?.userId === user.id || user.admin ? task : undefined
}

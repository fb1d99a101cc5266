import type { FastifyRequest } from 'fastify'
import { found } from '../../errors.js'
import type { Task } from '../../store/collections.js'

/**
 * A task that the request may see: one's own, or as an admin any.
 * @throws 404 also when it is another user's: who has what is nobody's business
 */
export async function visibleTask(
  { store, user }: Pick<FastifyRequest, 'store' | 'user'>,
  id: string,
): Promise<Task> {
  const task = await store.tasks.getBy({ publicId: id.toLowerCase() })
  const isVisible = task?.userId === user.id || user.admin
  return found(isVisible ? task : undefined, 'task', id)
}

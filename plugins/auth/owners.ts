import { ConditionFailed } from '../../store/errors.js'
import { errors } from '../http/errors.js'

/**
 * Waits for a change that has a condition on whose the record is.
 * @param action what was to be done, as a verb
 * @param kind what it was to be done to, in the singular
 * @throws 403 when the condition didn't hold
 */
export async function ownersOnly<T>(change: Promise<T>, action: string, kind: string): Promise<T> {
  try {
    return await change
  } catch (error) {
    throw error instanceof ConditionFailed ? errors.notOwner(action, kind) : error
  }
}

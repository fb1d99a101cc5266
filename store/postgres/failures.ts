import { codeOf } from '../errors.js'

/** What the database says of statements that were in each other's way: serialization_failure and deadlock_detected. */
const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01'])

/**
 * Classes of SQLSTATE, and single ones, that say that the database can't work now: connections, logins, a catalogue or a schema that
 * isn't there, resources, an operator's intervention, its system; a standby, and locks and transactions that took too long.
 */
const OUTAGES: readonly string[] = [
  '08',
  '28',
  '3D',
  '53',
  '57',
  '58',
  'XX',
  '25006',
  '25P03',
  '55P03',
]

/** disk_full */
const FULL = '53100'

const SQLSTATE = /^[0-9A-Z]{5}$/

/** Whether a statement was in another's way, and can be tried again. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(stateOf(error) ?? '')
}

/** Whether a failure is the database's own, or that of the way to it: it says nothing of the statement. */
export function isOutage(error: unknown): boolean {
  const state = stateOf(error)
  // What the driver says without the database having said anything is about the connection.
  return state === undefined || OUTAGES.some((each) => state.startsWith(each))
}

/** Whether the database has no room for something. */
export function isFull(error: unknown): boolean {
  return stateOf(error) === FULL
}

/** What the database has said; undefined where it has said nothing. */
export function stateOf(error: unknown): string | undefined {
  const code = codeOf(error)
  const isAnswer = error instanceof Error && 'severity' in error
  return isAnswer && code !== undefined && SQLSTATE.test(code) ? code : undefined
}

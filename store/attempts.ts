import { createHash } from 'node:crypto'
import type { User } from './collections.js'
import { normalName } from './names.js'

/** How many logins with one name from one address have failed of late. */
export interface Failures {
  readonly failures: number
  /** How long those count, in milliseconds. */
  readonly remaining: number
}

/** What is known of the logins with one name from one address. */
export interface Attempt extends Failures {
  /** The account of that name. */
  readonly user: User | undefined
  /** Whether that account has logged in from there before. */
  readonly isKnown: boolean
}

/** Who has tried to log in, so that nobody can try password after password: by whichever process that was. */
export interface Attempts {
  /**
   * All that has to be looked up before a password is checked, in one look.
   * @param username as it was given
   */
  of(username: string, address: string): Promise<Attempt>
  /**
   * @param name as `countedName` has it
   * @returns how many there are with this one: of several at once each is told another number
   */
  addFailure(name: string, address: string): Promise<Failures>
  /**
   * Remembers that an account has logged in from an address, unless so many failures have reached a limit, in one step.
   * @returns what is known then
   */
  addSuccess(user: User, address: string, limit: number): Promise<Attempt>
}

/**
 * The name that failures are counted under: an account's own, by whichever of its names and however written somebody tries it; and
 * where nobody has that name, its normal form, so that such a name is counted as others are.
 */
export function countedName(user: User | undefined, username: string): string {
  return user?.username ?? normalName(username)
}

/** What is remembered in place of names and addresses: nobody is told, and a long one takes no more room than a short one. */
export function digestOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

/** How long failures count, in milliseconds. */
export const WINDOW = 60_000

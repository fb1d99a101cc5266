import { createHmac } from 'node:crypto'
import type { SeedUser } from './format.js'

/**
 * The token generation that a user of a data file begins with: the same at each start, and another's as soon as the
 * account is another, or has another password. A token of one who has been removed then fits nobody who gets the number.
 * @param secret signs the tokens. Only with it: a token shows its generation, which must tell nothing of a password
 */
export function generationOf(secret: string, user: SeedUser): number {
  const { public_id, name, username = name, password, passwordHash } = user
  return createHmac('sha256', secret)
    .update(JSON.stringify([public_id, username, password, passwordHash]))
    .digest()
    .readUIntBE(0, 5)
}

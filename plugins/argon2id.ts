import { hash } from '@node-rs/argon2'

/** Argon2id as OWASP's Password Storage Cheat Sheet has it: 19 MiB, two passes, one lane. */
export const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hashes a password with a salt of its own, off the event loop. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2ID)
}

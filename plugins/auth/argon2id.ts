/** Argon2id as OWASP's Password Storage Cheat Sheet has it: 19 MiB, two passes, one lane. */
export const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hashes a password with a salt of its own, off the event loop. */
export async function hashPassword(password: string): Promise<string> {
  const { hash } = await import('@node-rs/argon2')
  return hash(password, ARGON2ID)
}

/** Says whether a password has a hash, off the event loop. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const { verify } = await import('@node-rs/argon2')
  return verify(hash, password)
}

/** The parts of a PHC string: memory in KiB, passes, lanes, salt and hash. */
const PARTS =
  /^\$argon2id\$v=19\$m=([1-9]\d{2,5}),t=([1-9]),p=([1-9])\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{16,88})$/

/** The most work that a login can wait for: about three seconds of one core. */
const MAX_WORK = 2_000_000

/** Whether a text is a password's hash that argon2 takes, whole, with figures that a login can wait for. */
export function isPasswordHash(text: string): boolean {
  const [, memory, passes, lanes, salt = '', hash = ''] = PARTS.exec(text) ?? []
  // Argon2 wants eight blocks a lane (RFC 9106, section 3.1).
  if (Number(memory) < 8 * Number(lanes) || Number(memory) * Number(passes) > MAX_WORK) return false
  return isWhole(salt) && isWhole(hash)
}

/** Whether a text is base64 as it is written: not one that has lost a character. */
function isWhole(text: string): boolean {
  const written = Buffer.from(text, 'base64').toString('base64').replaceAll('=', '')
  return text !== '' && written === text
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import fp from 'fastify-plugin'
import pLimit from 'p-limit'
import type { User } from '../../store/collections.js'
import { errors } from '../http/errors.js'
import { ARGON2ID, hashPassword, verifyPassword } from './argon2id.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly passwords: Passwords
  }
}

/** A hash that no password has, to be checked where there is no user, so that the answer takes as long. */
const DECOY = [
  `$argon2id$v=19$m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=${ARGON2ID.parallelism}`,
  ...[16, 32].map((bytes) => randomBytes(bytes).toString('base64').replaceAll('=', '')),
].join('$')

/** Hashes at once: more than there are cores only makes each slower. The thread pool has four threads. */
const AT_ONCE = Math.min(4, availableParallelism())

/** How many may wait: about a second's worth. Beyond it an answer would come too late to be of use. */
const MAX_WAITING = 200

/** Hashes and checks passwords off the event loop, a bounded number at once. */
export class Passwords {
  readonly #limit = pLimit(AT_ONCE)
  #plain: ReadonlyMap<number, string> = new Map()

  /** @throws 503 when too many are waiting */
  async hash(password: string): Promise<string> {
    return this.#bounded(() => hashPassword(password))
  }

  /**
   * Says whether a password is the user's. It costs one hash, also when there is no such user, or when the user's
   * password is the data file's.
   * @throws 503 when too many are waiting
   */
  async verify(user: User | undefined, password: string): Promise<boolean> {
    const plain = user?.passwordHash === null ? this.#plain.get(user.id) : undefined
    return this.#bounded(async () => {
      const matches = await verifyPassword(user?.passwordHash ?? DECOY, password)
      return plain === undefined ? matches && user !== undefined : isSame(plain, password)
    })
  }

  /**
   * What changes in a user's record with this password: nothing when it is the one they have, so that a client which
   * sends it along with another change keeps its tokens.
   * @throws 503 when too many are waiting
   */
  async change(
    user: User,
    password: string,
  ): Promise<Partial<Pick<User, 'passwordHash' | 'generation'>>> {
    if (await this.verify(user, password)) return {}
    return { passwordHash: await this.hash(password), generation: user.generation + 1 }
  }

  /**
   * Takes the plain passwords of a data file. They are good for users without a hash, which they have until they set a
   * password: to hash what stands in a file in plain would protect nobody, and take a start half a second.
   * @param passwords plain passwords by the user's id
   */
  accept(passwords: ReadonlyMap<number, string>): void {
    this.#plain = passwords
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#limit.pendingCount >= MAX_WAITING) throw errors.overloaded()
    return this.#limit(work)
  }
}

/** Compares in a time that tells nothing of where two texts differ. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return left !== undefined && right !== undefined && timingSafeEqual(left, right)
}

export default fp(
  async (app) => {
    app.decorate('passwords', new Passwords())
  },
  { name: 'passwords' },
)

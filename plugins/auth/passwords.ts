import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import fp from 'fastify-plugin'
import pLimit from 'p-limit'
import type { Store, User } from '../../store/collections.js'
import { ConditionFailed } from '../../store/errors.js'
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

/** A plain password of a data file, until it is hashed. */
interface Deferred {
  readonly password: string
  readonly hashNow: () => Promise<void>
}

/** Hashes and checks passwords off the event loop, a bounded number at once. */
export class Passwords {
  readonly #limit = pLimit(AT_ONCE)
  readonly #deferred = new Map<number, Deferred>()
  #background: Promise<void> = Promise.resolve()
  #closed = false

  /** How many plain passwords the data came with. */
  get waiting(): number {
    return this.#deferred.size
  }

  /** @throws 503 when too many are waiting */
  async hash(password: string): Promise<string> {
    return this.#bounded(() => hashPassword(password))
  }

  /**
   * Says whether a password is the user's. It costs one hash, also when there is no such user, or when the user's
   * password is yet to be hashed.
   * @throws 503 when too many are waiting
   */
  async verify(user: User | undefined, password: string): Promise<boolean> {
    const deferred = user?.passwordHash === null ? this.#deferred.get(user.id) : undefined
    return this.#bounded(async () => {
      if (deferred) {
        await deferred.hashNow()
        return isSame(deferred.password, password)
      }
      const matches = await verifyPassword(user?.passwordHash ?? DECOY, password)
      return matches && user !== undefined
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
   * Takes the plain passwords of a data file, to be hashed when there is time. A login that needs one of them has it
   * hashed at once.
   * @param passwords plain passwords by the user's id
   */
  defer(store: Store, passwords: ReadonlyMap<number, string>): void {
    for (const [id, password] of passwords) {
      let hashed: Promise<void> | undefined
      const hashNow = () => {
        hashed ??= hashDeferred(store, id, password)
        return hashed
      }
      this.#deferred.set(id, { password, hashNow })
    }
  }

  /** Begins to hash the deferred passwords while the server answers: one by one, beside those that requests need. */
  hashDeferred(): void {
    this.#background = this.#hashAll()
  }

  /** Resolves when no hashing is under way in the background. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#background
  }

  async #hashAll(): Promise<void> {
    for (const { hashNow } of this.#deferred.values()) {
      if (this.#closed) return
      await hashNow()
    }
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#limit.pendingCount >= MAX_WAITING) throw errors.overloaded()
    return this.#limit(work)
  }
}

async function hashDeferred(store: Store, id: number, password: string): Promise<void> {
  const passwordHash = await hashPassword(password)
  try {
    await store.users.update(id, { passwordHash }, { where: { passwordHash: null } })
  } catch (error) {
    // The user has set another password meanwhile: that one counts.
    if (!(error instanceof ConditionFailed)) throw error
  }
}

/** Compares in a time that tells nothing of where two texts differ. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return left !== undefined && right !== undefined && timingSafeEqual(left, right)
}

export default fp(
  async (app) => {
    const passwords = new Passwords()
    app.decorate('passwords', passwords)
    app.addHook('onClose', () => passwords.close())
  },
  { name: 'passwords' },
)

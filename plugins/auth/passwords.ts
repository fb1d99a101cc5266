import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import fp from 'fastify-plugin'
import type { User } from '../../store/collections.js'
import { PerWorld, type World } from '../workspaces/world.js'
import { ARGON2ID, hashPassword, verifyPassword } from './argon2id.js'
import { Queues } from './queues.js'

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

/** How many may wait in either queue: about a second's worth. Beyond it an answer would come too late to be of use. */
const MAX_WAITING = 200

/** A plain password of a data file, and its hash once that is there. */
class Deferred {
  readonly password: string
  #hashed: Promise<string> | undefined

  constructor(password: string) {
    this.password = password
  }

  get isHashed(): boolean {
    return this.#hashed !== undefined
  }

  hash(): Promise<string> {
    this.#hashed ??= hashPassword(this.password)
    return this.#hashed
  }
}

/** Plain passwords, by the id of their user, whose record has no hash. */
type DeferredById = ReadonlyMap<number, Deferred>

/** Hashes and checks passwords off the event loop, a bounded number at once. */
export class Passwords {
  readonly #queues = new Queues(AT_ONCE, MAX_WAITING)
  #seed: DeferredById = new Map()
  readonly #deferred = new PerWorld(() => this.#seed, { copy: (deferred) => deferred })
  #background: Promise<void> = Promise.resolve()
  #closed = false

  /** How many passwords of the data file are not hashed yet. */
  get waiting(): number {
    return [...this.#seed.values()].filter(({ isHashed }) => !isHashed).length
  }

  /** @throws 503 when too many are waiting */
  async hash(password: string): Promise<string> {
    return this.#queues.run('new', () => hashPassword(password))
  }

  /**
   * Says whether a password is the user's. It costs one hash, also when there is no such user, or when the user's
   * password is yet to be hashed.
   * @throws 503 when too many are waiting
   */
  async verify(world: World, user: User | undefined, password: string): Promise<boolean> {
    const deferred = user && this.#deferredOf(world, user)
    return this.#queues.run('login', async () => {
      if (deferred && !deferred.isHashed) {
        await deferred.hash()
        return isSameText(deferred.password, password)
      }
      const hash = (await deferred?.hash()) ?? user?.passwordHash ?? DECOY
      const matches = await verifyPassword(hash, password)
      return matches && user !== undefined
    })
  }

  /**
   * What changes in a user's record with this password: nothing when it is the one they have, so that a client which
   * sends it along with another change keeps its tokens.
   * @throws 503 when too many are waiting
   */
  async change(
    world: World,
    user: User,
    password: string,
  ): Promise<Partial<Pick<User, 'passwordHash' | 'generation'>>> {
    if (await this.verify(world, user, password)) return {}
    return { passwordHash: await this.hash(password), generation: user.generation + 1 }
  }

  /**
   * The hash of a user's password: null where they have none.
   * @throws 503 when too many are waiting
   */
  async hashOf(world: World, user: User): Promise<string | null> {
    const deferred = this.#deferredOf(world, user)
    if (!deferred) return user.passwordHash
    return deferred.isHashed ? deferred.hash() : this.#queues.run('new', () => deferred.hash())
  }

  /** The password of a user where it is still the one that the data file has as plain text. */
  inDataFile(world: World, user: User): string | undefined {
    const deferred = this.#deferredOf(world, user)
    return deferred === this.#seed.get(user.id) ? deferred?.password : undefined
  }

  /** What gives the hashes of the users that a world has now, whatever becomes of it meanwhile. */
  hashesOf(world: World): (user: User) => Promise<string | null> {
    const deferred = this.#deferred.of(world)
    return async ({ id, passwordHash }) => {
      const own = passwordHash === null ? deferred.get(id) : undefined
      if (!own) return passwordHash
      return own.isHashed ? own.hash() : this.#queues.run('new', () => own.hash())
    }
  }

  /**
   * Whether a user of a world has the password that another has who is to be in their place, as far as one can tell without
   * knowing it.
   * @param password the other's; undefined where they have a hash
   */
  async hasSame(
    world: World,
    user: User,
    password: string | undefined,
    hash: string | null,
  ): Promise<boolean> {
    const deferred = this.#deferredOf(world, user)
    if (password !== undefined)
      return deferred !== undefined && isSameText(deferred.password, password)
    const own = deferred?.isHashed ? await deferred.hash() : user.passwordHash
    return own !== null && own === hash
  }

  /**
   * Takes the plain passwords of the data file that the server starts with, for all worlds: they are hashed when there is time.
   * A login that needs one of them has it hashed at once.
   * @param passwords plain passwords by the user's id
   */
  deferSeed(passwords: ReadonlyMap<number, string>): void {
    this.#seed = deferredFrom(passwords)
  }

  /** Takes those of a state that is put into a world, in the step in which that is done. */
  defer(world: World, passwords: ReadonlyMap<number, string>): void {
    this.#deferred.set(world, deferredFrom(passwords))
  }

  /** Begins to hash the data file's passwords while the server answers: one by one, beside those that requests need. */
  hashDeferred(): void {
    this.#background = this.#hashAll()
  }

  /** Resolves when no hashing is under way in the background. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#background
  }

  async #hashAll(): Promise<void> {
    for (const deferred of this.#seed.values()) {
      if (this.#closed) return
      await deferred.hash()
    }
  }

  #deferredOf(world: World, { id, passwordHash }: User): Deferred | undefined {
    return passwordHash === null ? this.#deferred.of(world).get(id) : undefined
  }
}

function deferredFrom(passwords: ReadonlyMap<number, string>): DeferredById {
  return new Map([...passwords].map(([id, password]) => [id, new Deferred(password)]))
}

/** Compares in a time that tells nothing of where two texts differ. */
export function isSameText(a: string, b: string): boolean {
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

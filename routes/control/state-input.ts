import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { API_NAMES } from '../../config.js'
import { errors } from '../../plugins/http/errors.js'
import { addressOf } from '../../plugins/http/record.js'
import type { Memory } from '../../plugins/store.js'
import type { World } from '../../plugins/workspaces/world.js'
import { COLLECTIONS } from '../../seed/described.js'
import { SeedError } from '../../seed/errors.js'
import type { Finding } from '../../seed/faults.js'
import { fillAll } from '../../seed/fill.js'
import { type InferredPart, infer } from '../../seed/infer.js'
import { isObject } from '../../seed/json-type.js'
import { divide } from '../../seed/own.js'
import type { OwnSource } from '../../seed/own-fill.js'
import { escapePointer } from '../../store/check.js'
import type { Store } from '../../store/collections.js'
import type { FreeForm } from '../../store/free-form.js'
import { Turns } from '../../store/turns.js'
import type { OwnCollection } from '../collections/collection.js'
import type { StateOptions } from './state.js'

/** What the messages call it. */
const SOURCE = { name: 'state' }

/** Reads data files into worlds while the server runs. */
export class StateReader {
  readonly #app: FastifyInstance
  readonly #memory: Memory
  readonly #options: StateOptions
  /** Tells tokens of other accounts from those of the ones that are put in. */
  readonly #secret: string

  constructor(app: FastifyInstance, memory: Memory, options: StateOptions) {
    this.#app = app
    this.#memory = memory
    this.#options = options
    this.#secret = options.config.jwtSecret ?? randomBytes(32).toString('base64url')
  }

  /**
   * Has the world of a request become what its body is, in one step.
   * @throws 400 with each fault and its place; nothing has changed then
   */
  async putIn(request: FastifyRequest): Promise<void> {
    const { passwords: all, ownShapes } = this.#app
    const { world } = request
    const store = await this.#memory.empty()
    try {
      const { parts, passwords } = await this.#fill(store, request)
      await keepTokens(this.#app, world, store, passwords)
      await world.become(store, () => {
        all.defer(world, passwords)
        ownShapes.set(world, parts)
      })
    } catch (error) {
      throw error instanceof SeedError ? errors.stateInvalid(error.faults) : error
    } finally {
      await store.close()
    }
  }

  async #fill(store: Store, request: FastifyRequest) {
    const { apis, config, partsOf } = this.#options
    const data = { source: SOURCE, data: request.body }
    const { theirs, kept, own } = divide(data, apis, API_NAMES, partsOf)
    const given = await this.#ownOf(own)
    const files = kept.get('$files')
    const placed = placedFiles(request, files, given, this.#collections, config.prefix ?? '')
    const parts = await infer(placed, SOURCE, config.id)
    const passwords = await fillAll(store, {
      source: SOURCE,
      theirs,
      kept,
      own: parts.flatMap((each) => this.#sourceOf(each)),
      jwtSecret: this.#secret,
    })
    return { parts, passwords }
  }

  get #collections(): ReadonlyMap<string, OwnCollection> {
    const { accounts, collections } = this.#app.own
    const all = accounts ? [accounts, ...collections] : collections
    return new Map(all.map((each) => [each.name, each]))
  }

  #sourceOf({ part }: InferredPart): OwnSource[] {
    const collection = this.#collections.get(part.name)
    return collection ? [{ ...collection, part }] : []
  }

  /**
   * The parts that are the user's own, with what the server knows of them.
   * @throws SeedError where they are other parts than the server's
   */
  async #ownOf(own: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, unknown>> {
    const { described } = this.#options
    const collections = this.#collections
    const findings: Finding[] = []
    const parts = new Map<string, unknown>()
    for (const [name, part] of own) {
      const path = `/${escapePointer(name)}`
      const collection = collections.get(name)
      if (name === COLLECTIONS) {
        const message = "is what the server has been started with, and can't be another"
        if (!isDeepStrictEqual(part, described)) findings.push({ path, message })
      } else if (name !== '$comment' && !collection) {
        const findKnown = () => [...this.#options.parts, ...collections.keys()]
        const unknown = { name, findKnown }
        findings.push({ path, message: 'is not known here', isName: true, unknown })
      } else if (collection && collection.isSingular === Array.isArray(part)) {
        const message = collection.isSingular
          ? 'must be an object: it is a single resource here'
          : 'must be a list: it is a collection here'
        findings.push({ path, message })
      }
    }
    for (const [name, { isSingular }] of collections) {
      if (own.has(name)) parts.set(name, own.get(name))
      else if (!isSingular) parts.set(name, [])
      else {
        const message = 'is missing: there is always one of a single resource'
        findings.push({ path: `/${escapePointer(name)}`, message })
      }
    }
    if (described !== undefined) parts.set(COLLECTIONS, described)
    if (findings.length === 0) return parts
    const { seedError } = await import('../../seed/faults.js')
    throw await seedError(SOURCE, findings)
  }
}

/** Lets tokens be good that a world has given to accounts which are in its next state too. */
async function keepTokens(
  { passwords: all }: FastifyInstance,
  world: World,
  store: Store,
  passwords: ReadonlyMap<number, string>,
): Promise<void> {
  const turns = new Turns()
  for await (const users of store.users.stream()) {
    for (const { id, username, passwordHash } of users) {
      if (turns.isOver) await turns.next()
      const old = await world.store.users.get(id)
      if (old?.username !== username) continue
      if (!(await all.hasSame(world, old, passwords.get(id), passwordHash))) continue
      await store.users.update(id, { generation: old.generation })
    }
  }
}

/** Puts the addresses of files right, which are those of the server and the workspace that they come from. */
function placedFiles(
  request: FastifyRequest,
  files: unknown,
  own: ReadonlyMap<string, unknown>,
  collections: ReadonlyMap<string, OwnCollection>,
  prefix: string,
): ReadonlyMap<string, unknown> {
  const names = new Map<string, Set<string>>()
  for (const file of Array.isArray(files) ? files : []) {
    const { collection, record, name } = Object(file)
    const place = `${collection}/${record}`
    names.set(place, (names.get(place) ?? new Set()).add(`/files/${name}`))
  }
  if (names.size === 0) return own
  const placed = new Map(own)
  for (const [name, { idField, path }] of collections) {
    const records = own.get(name)
    if (!Array.isArray(records)) continue
    const moved = records.map((record: unknown) => {
      const key = isObject(record) ? String(record[idField]) : ''
      const its = names.get(`${name}/${key}`)
      if (!its || !isObject(record)) return record
      const at = `${prefix}${encodeURI(path)}/${encodeURIComponent(key)}`
      return withAddresses(record, its, addressOf(request, at))
    })
    placed.set(name, moved)
  }
  return placed
}

/** @param ends what the addresses of its files end with */
function withAddresses(record: FreeForm, ends: ReadonlySet<string>, base: string): FreeForm {
  const placed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(placed)
    if (!isObject(value) || typeof value.url !== 'string') return value
    const { url } = value
    const end = url.slice(url.lastIndexOf('/files/'))
    return ends.has(end) ? { ...value, url: base + end } : value
  }
  return Object.fromEntries(Object.entries(record).map(([field, value]) => [field, placed(value)]))
}

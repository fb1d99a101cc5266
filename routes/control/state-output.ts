import type { FastifyInstance } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import type { World } from '../../plugins/workspaces/world.js'
import { COLLECTIONS } from '../../seed/described.js'
import { isAccount } from '../../seed/own-accounts.js'
import { PART_NAMES } from '../../seed/parts.js'
import {
  applicationsIn,
  isListName,
  type Writing,
  written,
  writtenFile,
  writtenPackages,
  writtenTags,
  writtenTasks,
} from '../../seed/written.js'
import type { ForkableStore, Store, User } from '../../store/collections.js'
import type { StoredFile } from '../../store/declaration.js'
import type { FreeForm } from '../../store/free-form.js'
import { countOf } from '../../store/lookups.js'
import { ONLY, type OwnRecord } from '../../store/own.js'
import { isOwnUser } from '../collections/accounts.js'
import type { OwnCollection } from '../collections/collection.js'
import type { StateOptions } from './state.js'

/** A list, some of it at a time, or any other value. */
type Member = { readonly batches: AsyncIterable<readonly unknown[]> } | { readonly value: unknown }

/** Writes the state of a world as the text of a data file. */
export class StateWriter {
  readonly #app: FastifyInstance
  readonly #options: StateOptions

  constructor(app: FastifyInstance, options: StateOptions) {
    this.#app = app
    this.#options = options
  }

  /**
   * @param hasFiles whether the contents of files are in it
   * @returns the text, piece by piece: of this moment, whatever happens meanwhile
   * @throws 413, 503
   */
  async write(world: World, hasFiles: boolean): Promise<AsyncIterable<string>> {
    const hashOf = this.#app.passwords.hashesOf(world)
    const store = await world.fork()
    try {
      if (hasFiles) await this.#refuseLarge(store)
      const hashes = await hashesIn(store, hashOf)
      const writing = { store, hashOf: (user: User) => hashes.get(user.id) ?? user.passwordHash }
      return this.#text(store, writing, hasFiles)
    } catch (error) {
      await store.close()
      throw error
    }
  }

  /** @param store is ended when all of it is written, or nobody wants more */
  async *#text(store: ForkableStore, writing: Writing, hasFiles: boolean): AsyncIterable<string> {
    try {
      let separator = '{'
      for await (const [name, member] of this.#members(writing, hasFiles)) {
        yield `${separator}${JSON.stringify(name)}:`
        separator = ','
        if ('value' in member) yield JSON.stringify(member.value)
        else yield* listText(member.batches)
      }
      yield separator === '{' ? '{}' : '}'
    } finally {
      await store.close()
    }
  }

  async *#members(writing: Writing, hasFiles: boolean): AsyncIterable<[string, Member]> {
    const { store } = writing
    const { described, parts } = this.#options
    for (const name of PART_NAMES) {
      if (!parts.has(name)) continue
      if (isListName(name)) yield [name, { batches: written(name, writing) }]
      else if ((await countOf(store.applications)) > 0)
        yield [name, { value: await applicationsIn(store) }]
    }
    for (const collection of this.#app.own.collections) {
      yield [collection.name, await ownMember(collection, writing)]
    }
    const { accounts, collections } = this.#app.own
    if (accounts && !collections.includes(accounts) && (await countOf(store.users)) > 0) {
      yield [accounts.name, await ownMember(accounts, writing)]
    }
    if (described !== undefined) yield [COLLECTIONS, { value: described }]
    if (parts.has('$packages')) yield ['$packages', { batches: writtenPackages(store) }]
    if (!hasFiles) return
    if (parts.has('$tags')) yield ['$tags', { batches: writtenTags(store) }]
    if (parts.has('$tasks')) yield ['$tasks', { batches: writtenTasks(store) }]
    if (this.#app.own.collections.length > 0) yield ['$files', { batches: this.#files(store) }]
  }

  /** The files of the user's own records, one by one. */
  async *#files(store: Store): AsyncIterable<readonly unknown[]> {
    for (const { name, records } of this.#app.own.collections) {
      for await (const batch of records(store).stream()) {
        for (const { key, files } of batch) {
          for (const file of files ?? []) {
            yield [await writtenFile(store, { collection: name, record: key }, file)]
          }
        }
      }
    }
  }

  /** @throws 413 where the files are more than could be put in again */
  async #refuseLarge(store: Store): Promise<void> {
    let size = 0
    for await (const file of this.#stored(store)) {
      size += Math.ceil(file.size / 3) * 4
      if (size > this.#options.config.stateLimit) throw errors.filesTooLarge()
    }
  }

  async *#stored(store: Store): AsyncIterable<StoredFile> {
    for await (const tags of store.tags.stream()) for (const { file } of tags) yield file
    for await (const tasks of store.tasks.stream()) {
      for (const { docx, pdf } of tasks) for (const file of [docx, pdf]) if (file) yield file
    }
    for (const { records } of this.#app.own.collections) {
      for await (const batch of records(store).stream()) {
        for (const { files } of batch) yield* files ?? []
      }
    }
  }
}

/** The hashes of the passwords that are not in the records, by the user's id. */
async function hashesIn(store: Store, hashOf: (user: User) => Promise<string | null>) {
  const hashes = new Map<number, string | null>()
  for await (const users of store.users.stream()) {
    for (const user of users) {
      if (user.passwordHash === null && isAccount(user)) hashes.set(user.id, await hashOf(user))
    }
  }
  return hashes
}

async function ownMember(collection: OwnCollection, { store, hashOf }: Writing): Promise<Member> {
  const records = collection.records(store)
  if (collection.isSingular) return { value: (await records.getBy({ key: ONLY }))?.content }
  const shown = (record: OwnRecord): FreeForm => {
    const passwordHash = isOwnUser(record) && isAccount(record) ? hashOf(record) : null
    return passwordHash === null ? record.content : { ...record.content, passwordHash }
  }
  const batches = async function* () {
    for await (const batch of records.stream()) yield batch.map(shown)
  }
  return { batches: batches() }
}

async function* listText(batches: AsyncIterable<readonly unknown[]>): AsyncIterable<string> {
  let separator = '['
  for await (const batch of batches) {
    if (batch.length === 0) continue
    yield separator + JSON.stringify(batch).slice(1, -1)
    separator = ','
  }
  yield separator === '[' ? '[]' : ']'
}

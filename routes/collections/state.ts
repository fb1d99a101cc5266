import type { FastifyInstance } from 'fastify'
import type { Store } from '../../store/collections.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import { isOwnUser } from './accounts.js'
import type { Own, OwnCollection } from './collection.js'

/** The state of what is the user's own, as a data file has it. */
export type State = Readonly<Record<string, unknown>>

/** What tells whether an account's password is still the one of the data file. */
interface InFile {
  readonly password: string
  readonly generation: number
}

/**
 * What reads the whole state, for whoever keeps it on disk: accounts have a hash in it, or their password where the data file has
 * that and it is the same still.
 */
export async function stateReader(
  { store, passwords, worlds }: Pick<FastifyInstance, 'store' | 'passwords' | 'worlds'>,
  own: Own,
) {
  const inFile = await passwordsIn(store, own)
  const written = async (record: OwnRecord): Promise<FreeForm> => {
    if (!isOwnUser(record)) return record.content
    const { content, generation } = record
    const known = inFile.get(record.id)
    if (known?.generation === generation) return { ...content, password: known.password }
    // Of a state that was put in it may be plain, and not hashed yet.
    const passwordHash = await passwords.hashOf(worlds.own, record)
    return passwordHash === null ? content : { ...content, passwordHash }
  }
  return async (): Promise<State> => {
    const parts: [string, unknown][] = []
    for (const collection of own.collections) {
      const records: FreeForm[] = []
      for await (const batch of collection.records(store).stream()) {
        for (const record of batch) records.push(await written(record))
      }
      parts.push([collection.name, collection.isSingular ? records[0] : records])
    }
    return Object.fromEntries(parts)
  }
}

/** The plain passwords of the data file, by the account's id in the store. */
async function passwordsIn(store: Store, own: Own): Promise<ReadonlyMap<number, InFile>> {
  const inFile = new Map<number, InFile>()
  for (const collection of own.collections) {
    for (const [at, { password }] of collection.part.secrets) {
      const record = await recordAt(store, collection, at)
      if (record && isOwnUser(record) && typeof password === 'string') {
        inFile.set(record.id, { password, generation: record.generation })
      }
    }
  }
  return inFile
}

async function recordAt(store: Store, { part, idField, records }: OwnCollection, at: number) {
  const id = part.records[at]?.[idField]
  return records(store).getBy({ key: String(id) })
}

import type { FastifyInstance } from 'fastify'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnRecord } from '../../store/own.js'
import { isOwnUser } from './accounts.js'
import type { Own } from './collection.js'

/** The state of what is the user's own, as a data file has it. */
export type State = Readonly<Record<string, unknown>>

/**
 * What reads the whole state, for whoever keeps it on disk: accounts have a hash in it, or their password where the data file has
 * that and it is the same still.
 */
export function stateReader(
  { store, passwords, worlds }: Pick<FastifyInstance, 'store' | 'passwords' | 'worlds'>,
  own: Own,
) {
  const written = async (record: OwnRecord): Promise<FreeForm> => {
    if (!isOwnUser(record)) return record.content
    const { content } = record
    const password = passwords.inDataFile(worlds.own, record)
    if (password !== undefined) return { ...content, password }
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

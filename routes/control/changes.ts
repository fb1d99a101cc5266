import type { FastifyInstance } from 'fastify'
import { isSecret } from '../../plugins/journal/secrets.js'
import type { World } from '../../plugins/workspaces/world.js'
import { collections } from '../../store/collections.js'
import type { BaseRecord } from '../../store/declaration.js'
import type { RecordEvent } from '../../store/engine.js'
import { isUnseen, ownRecords } from '../../store/own.js'

/** What has become of a record. */
export interface RecordChange {
  readonly collection: string
  readonly kind: 'created' | 'updated' | 'deleted'
  /** Null where the record has none: it is a single resource. */
  readonly id: unknown
  /** As it is now, or was last: without what nobody sees. */
  readonly record: object
}

/**
 * Hears of every change of a record in a world.
 * @param onGap is called where it is not known what has changed
 * @returns ends it
 */
export function watchChanges(
  { own }: FastifyInstance,
  { store }: World,
  tell: (change: RecordChange) => void,
  onGap: () => void,
): () => void {
  const theirs = [...own.collections, ...(own.accounts ? [own.accounts] : [])]
  const ends = [...new Set(theirs)].map(({ name, storeName, idField, isSingular }) =>
    ownRecords(store, storeName).watch((event) => {
      if (isUnseen(event)) return
      const { kind, record } = event
      const { content } = record
      tell({ collection: name, kind, id: isSingular ? null : content[idField], record: content })
    }, onGap),
  )
  const isOwn = (name: string) => theirs.some(({ storeName }) => storeName === name)
  for (const collection of namesOf(collections)) {
    if (isOwn(collection)) continue
    const { hidden }: { readonly hidden: readonly string[] } = collections[collection]
    const isShown = (field: string) =>
      field !== 'version' && !hidden.includes(field) && !isSecret(field)
    const onEvent = ({ kind, record, before }: RecordEvent<BaseRecord>) => {
      // A change that nobody sees leaves the version as it is.
      if (before?.version === record.version) return
      const shown = Object.entries(record).filter(([field]) => isShown(field))
      tell({ collection, kind, id: record.id, record: Object.fromEntries(shown) })
    }
    ends.push(store[collection].watch(onEvent, onGap))
  }
  return () => {
    for (const end of ends) end()
  }
}

function namesOf<T extends object>(object: T): readonly (keyof T & string)[] {
  const isName = (name: string): name is keyof T & string => name in object
  return Object.keys(object).filter(isName)
}

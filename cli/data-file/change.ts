import { PART_NAMES, type PartName, parts } from '../../seed/parts.js'
import type { Loaded } from './load.js'

export interface FieldValues {
  readonly [field: string]: string | number | boolean | null
}

/** What is to be different in one list, by the places that the records have before. */
export interface PartChange {
  readonly removed?: ReadonlySet<number>
  /** Values of fields, by the record's place. */
  readonly fields?: ReadonlyMap<number, FieldValues>
  /** What comes to the end. */
  readonly added?: FieldValues | undefined
}

/** What is to be different in a data file. */
export type Change = { readonly [N in PartName]?: PartChange }

/** New records, as the file is to have them. */
export type Additions = { readonly [N in PartName]?: FieldValues }

/**
 * What has to be different in a data file for it to hold what the store does by now.
 * @param loaded the store that the file has filled, and in which records have gone since, or lost their owner
 * @param added the records that have come
 */
export async function differenceFrom(loaded: Loaded, added: Additions = {}): Promise<Change> {
  const change: { [N in PartName]?: PartChange } = {}
  for (const name of PART_NAMES) {
    change[name] = { ...(await partDifference(name, loaded)), added: added[name] }
  }
  return change
}

async function partDifference(name: PartName, { data, store, ids }: Loaded): Promise<PartChange> {
  const { owner = [], hasPublicIds = false } = parts[name]
  const written: readonly unknown[] = Object.values(data[name] ?? {})
  const removed = new Set<number>()
  const fields = new Map<number, FieldValues>()
  let highest = 0
  for (const [index, id] of ids.get(name)?.entries() ?? []) {
    const record = await store[name].get(id)
    if (!record) {
      removed.add(index)
      continue
    }
    const before = new Map<string, unknown>(Object.entries(Object(written[index])))
    // Without it the next load would give it another.
    const pin = hasPublicIds || before.has('id') || id === highest + 1 ? {} : { id }
    highest = Math.max(highest, id)
    const isOrphan = 'userId' in record && record.userId === null
    const nulls = isOrphan ? owner.filter((field) => (before.get(field) ?? null) !== null) : []
    fields.set(index, { ...pin, ...Object.fromEntries(nulls.map((field) => [field, null])) })
  }
  return { removed, fields }
}

/** What a data file means after a change. */
export function changed(data: object, change: Change): object {
  const all = new Map<string, unknown>(Object.entries(data))
  for (const [name, partChange] of Object.entries(change)) {
    const records = all.get(name) ?? (partChange.added ? [] : undefined)
    if (Array.isArray(records)) all.set(name, changedPart(records, partChange))
  }
  return Object.fromEntries(all)
}

function changedPart(
  records: readonly object[],
  { removed, fields, added }: PartChange,
): readonly object[] {
  const kept = records.flatMap((record, index) =>
    removed?.has(index) ? [] : [{ ...record, ...fields?.get(index) }],
  )
  return added ? [...kept, added] : kept
}

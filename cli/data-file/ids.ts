/** A record that may leave its id to be implied. */
interface Numbered {
  readonly id?: number | undefined
}

/** The id of each record once it is loaded: its own, or one above the highest so far. */
export function idsOf(records: readonly Numbered[]): number[] {
  let highest = 0
  return records.map(({ id = highest + 1 }) => {
    highest = Math.max(highest, id)
    return id
  })
}

/** The id that a record gets which is added at the end. */
export function nextId(records: readonly Numbered[]): number {
  return idsOf(records).reduce((highest, id) => Math.max(highest, id), 0) + 1
}

/**
 * The ids that have to be written down when some records go, so that those that stay have the ids they had.
 * @returns ids by the place of their record in the list
 */
export function idsToPin(
  records: readonly Numbered[],
  removed: ReadonlySet<number>,
): Map<number, number> {
  const ids = idsOf(records)
  const pins = new Map<number, number>()
  let highest = 0
  for (const [index, record] of records.entries()) {
    const id = ids[index]
    if (id === undefined || removed.has(index)) continue
    if (record.id === undefined && id !== highest + 1) pins.set(index, id)
    highest = Math.max(highest, id)
  }
  return pins
}

import type { Store } from '../store/collections.js'
import type { Source } from './errors.js'
import { fillKept } from './kept.js'
import { fillOwn, type OwnSource } from './own-fill.js'
import { fill } from './seed.js'

export interface FillOptions {
  /** Where the data comes from. */
  readonly source: Source
  /** The parts of the data that are the APIs'. */
  readonly theirs: unknown
  /** What a state has beside. */
  readonly kept: ReadonlyMap<string, unknown>
  /** The others. */
  readonly own: readonly OwnSource[]
  /** Signs the tokens, also those of the next process with the same file. */
  readonly jwtSecret?: string | undefined
  /** What else could be done with data that hasn't the shape of the APIs'. */
  readonly wayOut?: string | undefined
}

/**
 * Fills an empty store with all that a data file has.
 * @returns the plain passwords, by the user's id
 * @throws SeedError
 */
export async function fillAll(
  store: Store,
  { source, theirs, own, kept, jwtSecret, wayOut }: FillOptions,
): Promise<Map<number, string>> {
  const { passwords } = await fill(store, source, theirs, jwtSecret, wayOut)
  const filled = await fillOwn(store, own, jwtSecret)
  const findings = [...filled.findings, ...(await fillKept(store, kept, own))]
  if (findings.length > 0) {
    const { seedError } = await import('./faults.js')
    throw await seedError(source, findings)
  }
  return new Map([...passwords, ...filled.passwords])
}

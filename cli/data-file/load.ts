import { parseJson, readText } from '../../seed/read.js'
import { fill } from '../../seed/seed.js'
import { collections, type Store } from '../../store/collections.js'
import { MemoryEngine } from '../../store/memory/engine.js'

/** What a data file holds, once the server would take it. */
export interface Loaded {
  readonly store: Store
  /** How many passwords in it are plain. */
  readonly plainPasswords: number
}

/**
 * Loads a data file as the server does.
 * @throws SeedError when it has a fault
 */
export async function load(file: string): Promise<Loaded> {
  return loadData(file, await parseJson(file, await readText(file)))
}

/**
 * Loads what a data file holds as the server does.
 * @param file its name, for the messages
 * @throws SeedError when it has a fault
 */
export async function loadData(file: string, data: unknown): Promise<Loaded> {
  const store = await new MemoryEngine().open(collections)
  const passwords = await fill(store, file, data)
  return { store, plainPasswords: passwords.size }
}

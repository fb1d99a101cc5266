import type { Source } from '../../seed/errors.js'
import { isObject } from '../../seed/json-type.js'
import { isKeptName } from '../../seed/kept.js'
import { type FileContent, parseJson, readData } from '../../seed/read.js'
import { type Filled, fill } from '../../seed/seed.js'
import { collections, type Store } from '../../store/collections.js'
import { MemoryEngine } from '../../store/memory/engine.js'

/** What a data file holds, once the server would take it. */
export interface Loaded extends Filled {
  readonly store: Store
}

/**
 * Loads a data file as the server does.
 * @throws SeedError when it has a fault
 */
export async function load(file: string): Promise<Loaded> {
  return loadContent(await readData(file))
}

/**
 * Loads the text of a data file as the server does.
 * @throws SeedError when it has a fault
 */
export async function loadText(source: Required<Source>): Promise<Loaded> {
  return loadContent({ source, data: await parseJson(source) })
}

async function loadContent({ source, data }: FileContent): Promise<Loaded> {
  const store = await new MemoryEngine().open(collections)
  return { store, ...(await fill(store, source, withoutKept(data))) }
}

/** What people write of it: the rest stays as it is. */
function withoutKept(data: unknown): unknown {
  if (!isObject(data)) return data
  return Object.fromEntries(Object.entries(data).filter(([name]) => !isKeptName(name)))
}

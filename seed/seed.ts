import { escapePointer } from '../store/check.js'
import type { Records, Store } from '../store/collections.js'
import type { Collection } from '../store/engine.js'
import { UniqueViolation } from '../store/errors.js'
import { Turns } from '../store/turns.js'
import type { Source } from './errors.js'
import type { Finding, Shape } from './faults.js'
import { isObject } from './json-type.js'
import {
  type Inspection,
  inspect,
  PART_NAMES,
  type PartName,
  type PartRecord,
  parts,
  type SeedFile,
} from './parts.js'
import { type Filling, RecordFault, type Target } from './records.js'

/** What a store was filled with. */
export interface Filled {
  readonly data: SeedFile
  /** The ids of each part's records in the store, in the order of the file. */
  readonly ids: ReadonlyMap<PartName, readonly number[]>
  /** The plain passwords in it, by the user's id: they are still to be hashed. */
  readonly passwords: Map<number, string>
}

/**
 * Fills an empty store from what a data file holds.
 * @param source where it comes from, for the messages
 * @param wayOut what else could be done with data of another shape
 * @throws SeedError with each fault and its place
 */
export async function fill(
  store: Store,
  source: Source,
  data: unknown,
  secret?: string,
  wayOut?: string,
): Promise<Filled> {
  const filling = { store, secret }
  const { isSeedFile, wrong } = isEmpty(data) ? NOTHING : await inspect(data)
  if (isEmpty(data) || isSeedFile(data)) {
    const findings = new Findings()
    const ids = await insertAll(data, filling, findings)
    if (findings.all.length === 0) return { data, ids, passwords: passwordsOf(data, ids) }
    throw await errorFor(source, findings.all)
  }
  const { checkShape } = await import('./faults.js')
  if (wrong && isLarge(data)) throw await errorFor(source, faultsIn(wrong, checkShape), wayOut)
  const { rest, ...shape } = checkShape(data)
  const findings = new Findings(shape)
  const left = await inspect(rest)
  if (left.isSeedFile(rest)) await insertAll(rest, filling, findings)
  throw await errorFor(source, findings.all, wayOut)
}

/** Whether it has no part of the APIs': then the shape of those, which takes a twentieth of a start to compile, need not be asked. */
function isEmpty(data: unknown): data is Record<string, never> {
  return isObject(data) && Object.keys(data).length === 0
}

/** What looking at nothing would come to. */
const NOTHING: Pick<Inspection, 'wrong'> & { isSeedFile: (value: unknown) => value is never } = {
  wrong: undefined,
  isSeedFile: (_value): _value is never => false,
}

/** Above how many records not every fault is looked for. */
const LARGE = 20_000

function isLarge(data: unknown): boolean {
  const counts = Object.values(Object(data)).map((part) => (Array.isArray(part) ? part.length : 1))
  return counts.reduce((sum, each) => sum + each, 0) > LARGE
}

/** What is wrong with some records, where they stand. */
function faultsIn(
  { name, part, at }: NonNullable<Inspection['wrong']>,
  check: (data: unknown) => Shape,
): readonly Finding[] {
  const before = `/${escapePointer(name)}/`
  return check({ [name]: part }).findings.map(({ path, ...finding }) => {
    const [place = '', ...rest] = path.slice(before.length).split('/')
    const isIn = path.startsWith(before) && at > 0
    return { ...finding, path: isIn ? [before + (Number(place) + at), ...rest].join('/') : path }
  })
}

async function errorFor(
  source: Source,
  findings: readonly Finding[],
  wayOut?: string,
): Promise<Error> {
  return (await import('./faults.js')).seedError(source, findings, wayOut)
}

/** Fills the store with what has no fault. */
async function insertAll(
  data: SeedFile,
  filling: Filling,
  findings: Findings,
): Promise<Filled['ids']> {
  const ids = new Map<PartName, readonly number[]>()
  for (const name of PART_NAMES) ids.set(name, await insertPart(name, data, filling, findings))
  return ids
}

/** Inserts the records of one part in turn, and notes what is wrong with each. */
async function insertPart<N extends PartName>(
  name: N,
  data: { readonly [P in N]?: readonly PartRecord<P>[] | Readonly<Record<string, PartRecord<P>>> },
  filling: Filling,
  findings: Findings,
): Promise<readonly number[]> {
  const collections: { readonly [P in PartName]: Collection<Records[P]> } = filling.store
  const ids: number[] = []
  const turns = new Turns()
  for (const [key, record] of Object.entries(data[name] ?? {})) {
    if (turns.isOver) await turns.next()
    try {
      const values = await parts[name].toRecord(record, filling, key)
      ids.push((await collections[name].insert(values)).id)
    } catch (error) {
      findings.add(name, key, record, error)
    }
  }
  return ids
}

function passwordsOf({ users = [] }: SeedFile, ids: Filled['ids']): Map<number, string> {
  const passwords = new Map<number, string>()
  for (const [index, id] of ids.get('users')?.entries() ?? []) {
    const password = users[index]?.password
    if (password !== undefined) passwords.set(id, password)
  }
  return passwords
}

/** What is found wrong with the data, as far as it doesn't only follow from another fault. */
class Findings {
  readonly all: Finding[]
  readonly #places: Shape['places']
  /** The records of each part that a fault has kept out: what refers to them is right as it is. */
  readonly #lost: Map<string, unknown[]>

  /** @param shape what has been found, and left out, before */
  constructor({ findings, places, lost }: Omit<Shape, 'rest'> = SOUND) {
    this.all = [...findings]
    this.#places = places
    this.#lost = new Map(lost)
  }

  /** @throws what is no fault of the record's */
  add(part: string, key: string, record: unknown, error: unknown): void {
    const place = this.#places.get(part)?.[Number(key)] ?? key
    const path = `/${part}/${escapePointer(place)}`
    if (error instanceof UniqueViolation) {
      const fields = error.fields.map(wireName).join(', ')
      this.all.push({ path, message: `another record has the same ${fields}` })
    } else if (error instanceof RecordFault) {
      const { field, message, target } = error
      if (!this.#isLost(target))
        this.all.push({ path: `${path}/${field}`, message, ...unknown(target) })
    } else {
      throw error
    }
    const lost = this.#lost.get(part)
    if (lost) lost.push(record)
    else this.#lost.set(part, [record])
  }

  #isLost(target: Target | undefined): boolean {
    const lost = (target && this.#lost.get(target.part)) ?? []
    return lost.some((record) => {
      const { id, name, username = name } = Object(record)
      const own = typeof target?.name === 'number' ? id : username
      // Which id it would have been given isn't known any more.
      return own === undefined || own === target?.name
    })
  }
}

const SOUND = { findings: [], places: new Map(), lost: new Map() }

/** What a suggestion is made from, where a name isn't known. */
function unknown(target: Target | undefined): Pick<Finding, 'unknown'> {
  const { name, findKnown } = target ?? {}
  return typeof name === 'string' && findKnown ? { unknown: { name, findKnown } } : {}
}

/** What the file calls a field of the store: `publicId` is `public_id`. */
function wireName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

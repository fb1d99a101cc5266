import { type TSchema, Type } from '@sinclair/typebox'
import { escapePointer } from '../store/check.js'
import type { FreeForm } from '../store/free-form.js'
import { Turns } from '../store/turns.js'
import { COLLECTIONS, type Described, faultsOfSingle, readDescribed } from './described.js'
import type { Source } from './errors.js'
import type { Finding } from './faults.js'
import { isObject } from './json-type.js'
import { type OwnPart, ownParts, USERS, withoutPassword } from './own-records.js'
import { Shape } from './shape.js'

/** What is known of a part that is the user's own beside its records. */
export interface Description extends Pick<Described, 'access' | 'owner' | 'onDelete'> {
  /** Learnt from the records, also where there is a schema. */
  readonly shape: Shape
  /** What the file itself says that a record is. */
  readonly schema?: TSchema
}

/** A collection or single resource of a data file, and what is known of it. */
export interface InferredPart extends Description {
  readonly part: OwnPart
}

/** Names at the top of a file that say nothing of the data. */
const IGNORED: ReadonlySet<string> = new Set(['$schema', '$comment'])

/**
 * Finds out what the collections and single resources of a data file are: from their records, and from `$collections`.
 * @param own the parts of the file that are the user's own, as they are in it
 * @param source where they come from, for the messages
 * @param idField where a record has its id
 * @throws SeedError with each fault and its place
 */
export async function infer(
  own: ReadonlyMap<string, unknown>,
  source: Source,
  idField: string,
): Promise<readonly InferredPart[]> {
  const names = [...own.keys()].filter((name) => !name.startsWith('$'))
  const { parts, findings: inRecords } = await ownParts(own, idField)
  const { described, findings: inDescribed } = await readDescribed(own.get(COLLECTIONS), names)
  const findings = [...own].flatMap(([name, part]) => faultsOf(name, part))
  findings.push(...inRecords, ...inDescribed)
  const inferred: InferredPart[] = []
  for (const part of parts) {
    const { schema, ...rest } = described.get(part.name) ?? {}
    if (part.isSingular) findings.push(...faultsOfSingle(part.name, rest))
    if (schema) findings.push(...(await breachesOf(part, schema, idField)))
    const given = schema ? { schema: Type.Unsafe<FreeForm>(schema) } : {}
    inferred.push({ part, shape: await shapeOf(part.records), ...rest, ...given })
  }
  if (findings.length === 0) return inferred
  const { seedError } = await import('./faults.js')
  throw await seedError(source, findings)
}

/** The shape of some records. */
async function shapeOf(records: readonly FreeForm[]): Promise<Shape> {
  const shape = new Shape()
  const turns = new Turns()
  for (const record of records) {
    shape.observe(record)
    if (turns.isOver) await turns.next()
  }
  return shape
}

/** What keeps a part from being a collection or a single resource. */
function faultsOf(name: string, part: unknown): Finding[] {
  const path = `/${escapePointer(name)}`
  if (name === COLLECTIONS || IGNORED.has(name)) return []
  if (name.startsWith('$')) {
    const unknown = { name, findKnown: () => [COLLECTIONS] }
    return [{ path, message: 'is not known here', isName: true, unknown }]
  }
  if (Array.isArray(part)) {
    return part.flatMap((record: unknown, index) =>
      isObject(record)
        ? []
        : [{ path: `${path}/${index}`, message: `is ${shown(record)}; a record is an object` }],
    )
  }
  if (isObject(part)) return []
  const message = `is ${shown(part)}; a collection is a list of objects, a single resource an object`
  return [{ path, message }]
}

/** A value in a few words. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/** What is wrong with a schema that the file gives, or else with the records that it is for. */
async function breachesOf(
  { name, isSingular, records }: OwnPart,
  schema: FreeForm,
  idField: string,
): Promise<readonly Finding[]> {
  const { compileSchema, faultsOfSchema } = await import('./given-schema.js')
  const { findingOf } = await import('./faults.js')
  const part = escapePointer(name)
  const findings = [...faultsOfSchema(schema, `/${COLLECTIONS}/${part}/schema`)]
  if (findings.length > 0) return findings
  const ofRecord = name === USERS && !isSingular ? withoutPassword(Type.Unsafe(schema)) : schema
  // The server gives a record an id that has none, whatever its schema says.
  const find = compileSchema(isSingular ? schema : withField(ofRecord, idField))
  const turns = new Turns()
  for (const [index, record] of records.entries()) {
    const path = isSingular ? `/${part}` : `/${part}/${index}`
    for (const error of find(record)) {
      const finding = findingOf(error)
      findings.push({ ...finding, path: path + finding.path })
    }
    if (turns.isOver) await turns.next()
  }
  return findings
}

function withField(schema: FreeForm, name: string): FreeForm {
  return { ...schema, properties: { [name]: true, ...Object(schema.properties) } }
}

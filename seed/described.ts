import { type Static, Type } from '@sinclair/typebox'
import { allFaults, compile, escapePointer } from '../store/check.js'
import type { FreeForm } from '../store/free-form.js'
import { oneOf } from '../store/schema.js'
import type { Finding } from './faults.js'

/** The part of a data file that says more of the user's own collections than their records do. */
export const COLLECTIONS = '$collections'

/** Who may, from the most to the fewest. An admin may wherever an owner may. */
export const LEVELS = ['anyone', 'user', 'owner', 'admin'] as const
export type Level = (typeof LEVELS)[number]

const Level = Type.Optional(oneOf(LEVELS))

/** What a data file says of one collection, or single resource. */
export const Described = Type.Object(
  {
    /** What each record has to be: JSON Schema 2020-12. */
    schema: Type.Optional(Type.Unsafe<FreeForm>(Type.Object({}, { additionalProperties: true }))),
    access: Type.Optional(
      Type.Object({ read: Level, create: Level, change: Level }, { additionalProperties: false }),
    ),
    /** The field that has the id of whom a record belongs to. */
    owner: Type.Optional(Type.String({ minLength: 1 })),
    /** What becomes of its records when the one that they name is deleted. */
    onDelete: Type.Optional(oneOf(['delete', 'set null', 'keep'])),
  },
  { additionalProperties: false },
)
export type Described = Static<typeof Described>

type AllDescribed = Readonly<Record<string, Described>>
const AllDescribed = Type.Unsafe<AllDescribed>({ type: 'object', additionalProperties: Described })
const areDescribed = compile<typeof AllDescribed, AllDescribed>(AllDescribed)

/**
 * Reads what a data file says of its collections.
 * @param value the part `$collections`; undefined where there is none
 * @param names of the collections and single resources that there are
 */
export async function readDescribed(
  value: unknown,
  names: readonly string[],
): Promise<{ described: ReadonlyMap<string, Described>; findings: readonly Finding[] }> {
  if (value === undefined) return { described: new Map(), findings: [] }
  if (!areDescribed(value)) {
    const { findingOf } = await import('./faults.js')
    const findings = allFaults(AllDescribed, value).map((error) => {
      const finding = findingOf(error)
      return { ...finding, path: `/${COLLECTIONS}${finding.path}` }
    })
    return { described: new Map(), findings }
  }
  const described = new Map(Object.entries(value))
  return {
    described,
    findings: [...described].flatMap(([name, each]) => faultsOf(name, each, names)),
  }
}

/** What a file can't say of a single resource: there is no creation, which says whose it is. */
export function faultsOfSingle(name: string, { access, owner }: Described): Finding[] {
  const path = `/${COLLECTIONS}/${escapePointer(name)}`
  const message = "is for collections: a single resource is nobody's own"
  const levels = Object.entries(Object(access)).filter(([, needed]) => needed === 'owner')
  return [
    ...levels.map(([action]) => ({
      path: `${path}/access/${action}`,
      message: `"owner" ${message}`,
    })),
    ...(owner === undefined ? [] : [{ path: `${path}/owner`, message }]),
  ]
}

function faultsOf(name: string, { access, owner }: Described, names: readonly string[]): Finding[] {
  const path = `/${COLLECTIONS}/${escapePointer(name)}`
  if (!names.includes(name)) {
    const message = 'names no collection of yours in this file'
    return [{ path, message, isName: true, unknown: { name, findKnown: () => names } }]
  }
  const level = Object.entries(Object(access)).find(([, needed]) => needed === 'owner')
  if (!level || owner !== undefined) return []
  const message = `is missing: access.${level[0]} is "owner", and this names the field that has the owner's id`
  return [{ path: `${path}/owner`, message }]
}

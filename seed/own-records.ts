import { type TSchema, Type } from '@sinclair/typebox'
import { escapePointer } from '../store/check.js'
import { type FreeForm, faultIn } from '../store/free-form.js'
import { Turns } from '../store/turns.js'
import type { Finding } from './faults.js'
import { seedWordsFor } from './format.js'
import { isId, kindOf, type RecordId, randomId } from './ids.js'
import { isObject } from './json-type.js'

/** What a record of the user's own users logs in with. It is no part of the record that anybody sees. */
export interface Secret {
  readonly password?: unknown
  readonly passwordHash?: unknown
}

/** A part of a data file that is the user's own: a collection, or a single resource. */
export interface OwnPart {
  readonly name: string
  readonly isSingular: boolean
  /** Each with an id, of a collection; the one there is, of a single resource. */
  readonly records: readonly FreeForm[]
  /** By the record's place. */
  readonly secrets: ReadonlyMap<number, Secret>
}

/** The name of the collection whose records can log in. */
export const USERS = 'users'

/**
 * The collections and single resources of a data file as the server keeps them: every record with an id, and without a
 * password. What is neither is left out.
 * @param idField where a record has its id
 */
export async function ownParts(
  own: ReadonlyMap<string, unknown>,
  idField: string,
): Promise<{ readonly parts: readonly OwnPart[]; readonly findings: readonly Finding[] }> {
  const parts: OwnPart[] = []
  const findings: Finding[] = []
  const turns = new Turns()
  for (const [name, part] of own) {
    if (name.startsWith('$')) continue
    const path = `/${escapePointer(name)}`
    if (isObject(part)) {
      findings.push(...limitsOf(path, part))
      parts.push({ name, isSingular: true, records: [part], secrets: new Map() })
    } else if (Array.isArray(part) && part.every(isObject)) {
      for (const [at, record] of part.entries()) {
        findings.push(...limitsOf(`${path}/${at}`, record))
        if (turns.isOver) await turns.next()
      }
      const { records, secrets } = name === USERS ? withoutSecrets(part) : noSecrets(part)
      const ids = await withIds(path, records, idField)
      findings.push(...ids.findings)
      parts.push({ name, isSingular: false, records: ids.records, secrets })
    }
  }
  return { parts, findings }
}

/** A schema that the file gives for its users, of what is left of a record: a password is no part of it. */
export function withoutPassword({ properties, required, ...schema }: TSchema): TSchema {
  const { password: _, ...others } = Object(properties)
  const needed = [required ?? []].flat().filter((name) => name !== 'password')
  return Type.Unsafe<FreeForm>({ ...schema, properties: others, required: needed })
}

function noSecrets(records: readonly FreeForm[]) {
  return { records, secrets: new Map<number, Secret>() }
}

function withoutSecrets(records: readonly FreeForm[]) {
  const secrets = new Map<number, Secret>()
  const rest = records.map(({ password, passwordHash, ...others }, at) => {
    // Null is no password.
    const secret = { password: password ?? undefined, passwordHash: passwordHash ?? undefined }
    if (Object.values(secret).some((each) => each !== undefined)) secrets.set(at, secret)
    return others
  })
  return { records: rest, secrets }
}

function limitsOf(path: string, record: FreeForm): Finding[] {
  const fault = faultIn(record)
  return fault ? [{ path: path + fault.path, message: seedWordsFor(fault) }] : []
}

/** Gives an id to each record that has none, as a creation would; and finds those that two have, or that are none. */
async function withIds(path: string, records: readonly FreeForm[], idField: string) {
  const findings: Finding[] = []
  const ids = new Map<string, number>()
  const own: RecordId[] = []
  let highest = 0
  const turns = new Turns()
  for (const [at, record] of records.entries()) {
    if (turns.isOver) await turns.next()
    const id = record[idField]
    if (id === undefined) continue
    const place = `${path}/${at}/${escapePointer(idField)}`
    if (!isId(id)) {
      findings.push({ path: place, message: 'an id is a text or a number' })
      continue
    }
    const first = ids.get(String(id))
    if (first === undefined) ids.set(String(id), at)
    else findings.push({ path: place, message: `${path}/${first} has this id too` })
    own.push(id)
    if (typeof id === 'number') highest = Math.max(highest, Math.floor(id))
  }
  const kind = kindOf(own)
  const withId: FreeForm[] = []
  for (const record of records) {
    if (turns.isOver) await turns.next()
    if (record[idField] !== undefined) {
      withId.push(record)
    } else {
      const id = kind === 'number' && highest < Number.MAX_SAFE_INTEGER ? ++highest : randomId(kind)
      withId.push({ [idField]: id, ...record })
    }
  }
  return { records: withId, findings }
}

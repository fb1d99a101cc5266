import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { compile } from '../store/check.js'
import type { Records } from '../store/collections.js'
import type { NewRecord } from '../store/engine.js'
import type { FreeForm } from '../store/free-form.js'
import { Turns } from '../store/turns.js'
import {
  SeedApplications,
  SeedArticle,
  SeedDmp,
  SeedMembership,
  SeedProject,
  SeedShip,
  SeedTemplate,
  SeedUser,
} from './format.js'
import { isObject } from './json-type.js'
import {
  articleOf,
  dmpOf,
  type Filling,
  membershipOf,
  projectOf,
  templateOf,
  userOf,
} from './records.js'

/** One record of a part that is a list, or an object in which each record has its name. */
type RecordOf<S extends TSchema> =
  Static<S> extends Readonly<Record<number, infer R>> | Readonly<Record<string, infer R>>
    ? R
    : never

/** One part of a data file, and the collection of the store that it fills. */
interface Part<N extends keyof Records, S extends TSchema> {
  /** What one record of it is called. */
  readonly thing: string
  /** Of the whole part. */
  readonly schema: S
  /**
   * Makes a record of the store from one of the file.
   * @param key the record's name, or its place in the list
   * @throws RecordFault
   */
  toRecord(
    record: RecordOf<S>,
    filling: Filling,
    key: string,
  ): NewRecord<Records[N]> | Promise<NewRecord<Records[N]>>
  /** The fields that name the user whose record it is; null in all of them once that one is gone. */
  readonly owner?: readonly string[]
  /** Whether the `id` of the file is a public one, and not the store's. */
  readonly hasPublicIds?: boolean
  /** The shape of a record that no command makes. */
  readonly example?: object
}

/** Holds each part to its schema and to its collection. */
function define<F extends { readonly [N in keyof Records]?: TSchema }>(
  parts: {
    readonly [N in keyof F & keyof Records]: Part<N, NonNullable<F[N]>>
  },
) {
  return parts
}

/** The parts of a data file, in the order of a new one: what is referred to comes first. */
export const parts = define({
  users: { thing: 'user', schema: Type.Array(SeedUser), toRecord: userOf },
  ships: {
    thing: 'ship',
    schema: Type.Array(SeedShip),
    toRecord: (ship: SeedShip) => ship,
    example: {
      id: 1,
      affiliation: 'Rebel Alliance',
      category: 'Starfighters',
      crew: 1,
      length: 13,
      manufacturer: 'Incom Corporation',
      model: 'T-65 X-Wing',
      roles: ['Space Superiority Starfighter', 'Escort'],
      ship_class: 'Starfighter',
    },
  },
  articles: {
    thing: 'article',
    schema: Type.Array(SeedArticle),
    toRecord: articleOf,
    owner: ['user_id', 'author.username'],
    example: {
      id: 1,
      title: 'Welcome aboard',
      text: 'Change this file, and start the server again.',
      user_id: null,
      date_posted: '2026-01-05T08:00:00Z',
    },
  },
  templates: {
    thing: 'template',
    schema: Type.Array(SeedTemplate),
    toRecord: templateOf,
    owner: ['username', 'user_id'],
  },
  projects: { thing: 'project', schema: Type.Array(SeedProject), toRecord: projectOf },
  memberships: { thing: 'membership', schema: Type.Array(SeedMembership), toRecord: membershipOf },
  dmps: { thing: 'plan', schema: Type.Array(SeedDmp), toRecord: dmpOf, hasPublicIds: true },
  applications: {
    thing: 'application',
    schema: SeedApplications,
    toRecord: (token: string, _filling, name) => ({ name, token }),
  },
})

export type PartName = keyof typeof parts
export const PART_NAMES: readonly PartName[] = Object.keys(parts).filter(isPart)

function isPart(name: string): name is PartName {
  return name in parts
}

export type PartRecord<N extends PartName> = RecordOf<(typeof parts)[N]['schema']>

/** A data file. Records have the names they have on the wire. */
export type SeedFile = {
  readonly [N in PartName]?: Static<(typeof parts)[N]['schema']>
}
export const SeedFile = Type.Object(
  Object.fromEntries(
    Object.entries(parts).map(([name, { schema }]) => [name, Type.Optional(schema)]),
  ),
  { additionalProperties: false },
)
const fits = compile<typeof SeedFile, SeedFile>(SeedFile)

/** How many records are looked at between turns. */
const AT_ONCE = 200

/** Some records of one part, which is all that a data file has in it. */
interface Slice {
  readonly part: unknown
  readonly name: string
  /** Where the first of them stands in the part. */
  readonly at: number
}

/** What has come of looking at some data. */
export interface Inspection {
  /** Whether a value is the data, and of the shape of a data file's. */
  readonly isSeedFile: (value: unknown) => value is SeedFile
  /** The first slice that isn't. */
  readonly wrong: Slice | undefined
}

/** Looks at data, so that others have their turns beside a large file. */
export async function inspect(data: unknown): Promise<Inspection> {
  const wrong = isObject(data) ? await firstWrong(data) : { part: data, name: '', at: 0 }
  return { wrong, isSeedFile: (value): value is SeedFile => value === data && !wrong }
}

async function firstWrong(data: FreeForm): Promise<Slice | undefined> {
  const turns = new Turns()
  for (const slice of slicesOf(data)) {
    if (!fits({ [slice.name]: slice.part })) return slice
    if (turns.isOver) await turns.next()
  }
  return undefined
}

function* slicesOf(data: FreeForm): Iterable<Slice> {
  for (const [name, part] of Object.entries(data)) {
    if (!Array.isArray(part) || part.length === 0) yield { name, part, at: 0 }
    else {
      for (let at = 0; at < part.length; at += AT_ONCE) {
        yield { name, part: part.slice(at, at + AT_ONCE), at }
      }
    }
  }
}

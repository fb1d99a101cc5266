import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { withArticle } from '../../plugins/http/article.js'
import type { World } from '../../plugins/workspaces/world.js'
import { loginFieldOf } from '../../seed/own-accounts.js'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnCollection } from './collection.js'
import { exampleOf } from './examples.js'
import type { Known } from './known.js'
import { mergePatchSchema } from './merge-schema.js'
import type { Names } from './names.js'
import { uploadSchema } from './upload-schema.js'

/** The shared schemas of a collection: they follow its shape. */
export interface Schemas {
  readonly record: RecordSchema
  /** What a whole record is written as, and a part of one. */
  readonly input: RecordSchema
  readonly patch: RecordSchema
  /** What is merged into one. */
  readonly mergePatch: RecordSchema
  /** What a whole record is written as in a form, and a part of one. */
  readonly upload: RecordSchema
  readonly patchUpload: RecordSchema
  /** What names a record in paths. */
  readonly id: TSchema & { readonly static: string }
  /** A page in its envelope. */
  readonly page: TSchema
}

export type RecordSchema = TSchema & { readonly static: FreeForm }

/** Adds the shared schemas of a collection, each made anew from its shape whenever the document is. */
export function addSchemas(
  app: FastifyInstance,
  collection: OwnCollection,
  { schema: name, one }: Names,
  related: (world: World) => Related,
): Schemas {
  const { shape, idField } = collection
  const live = <S extends TSchema>(
    schema: S,
    current: (known: Known, world: World) => object,
  ): S => {
    const { $id = '' } = schema
    app.addSchema(schema)
    app.liveSchemas.set($id, (world) => Type.Unsafe({ ...current(shape.in(world), world), $id }))
    return schema
  }
  const record = ($id: string): RecordSchema =>
    Type.Unsafe<FreeForm>(Type.Object({}, { $id, additionalProperties: true }))
  const shown = live(record(name), (known, world) => {
    const example = exampleOf(collection, known)
    return {
      ...withRelated(shape.record(known), related(world)),
      ...(example ? { examples: [example] } : {}),
    }
  })
  /** Of what is written: without the id that the server gives. */
  const examples = (known: Known, of: (record: FreeForm) => FreeForm) => {
    const example = exampleOf(collection, known)
    if (!example) return {}
    const { [idField]: _id, ...withoutId } = example
    return { examples: [of(withoutId)] }
  }
  const whole = (some: FreeForm) => inputExample(collection, some)
  const page = Type.Object(
    {
      first: pageNumber('The first page'),
      prev: Type.Unsafe<number | null>({
        ...pageNumber('The page before'),
        type: ['integer', 'null'],
      }),
      next: Type.Unsafe<number | null>({
        ...pageNumber('The page after'),
        type: ['integer', 'null'],
      }),
      last: pageNumber('The last page'),
      pages: pageNumber('How many pages there are'),
      items: Type.Integer({ minimum: 0, description: 'How many records there are on all pages' }),
      data: Type.Array(Type.Ref(name), { description: 'The records of this page' }),
    },
    { $id: `${name}Page`, additionalProperties: false },
  )
  app.addSchema(page)
  return {
    record: shown,
    input: live(record(`${name}Input`), (known) => ({
      ...shape.input(known, 'whole'),
      ...examples(known, whole),
    })),
    patch: live(record(`${name}Patch`), (known) => ({
      ...shape.input(known, 'part'),
      ...examples(known, firstField),
    })),
    mergePatch: live(record(`${name}MergePatch`), (known) => ({
      ...mergePatchSchema(shape.input(known, 'whole'), shape.isFrozen),
      ...examples(known, firstField),
    })),
    upload: live(record(`${name}Upload`), (known) => ({
      ...uploadSchema(shape.input(known, 'whole'), shape.isFrozen),
      ...examples(known, (some) => textsOf(whole(some))),
    })),
    patchUpload: live(record(`${name}PatchUpload`), (known) => ({
      ...uploadSchema(shape.input(known, 'part'), shape.isFrozen),
      ...examples(known, (some) => firstField(textsOf(some))),
    })),
    id: live(Type.Unsafe<string>({ $id: `${name}Id`, type: 'string' }), (known) => {
      const id = exampleOf(collection, known)?.[idField]
      return {
        ...idSchema(known.seen.typesAt([idField])),
        description: `The id of ${withArticle(one)}`,
        ...(id === undefined ? {} : { examples: [id] }),
      }
    }),
    page,
  }
}

/** What a request can have put into records, by the name of the field that it comes into. */
export type Related = ReadonlyMap<string, TSchema>

/** A record's schema with what can be put into it: in the place of a field of that name, too. */
function withRelated({ properties = {}, ...schema }: TSchema, related: Related): object {
  const added = [...related].map(([name, other]) => {
    const own: TSchema | undefined = properties[name]
    return [name, own ? { anyOf: [own, other] } : other]
  })
  return { ...schema, properties: { ...properties, ...Object.fromEntries(added) } }
}

function pageNumber(description: string) {
  return Type.Integer({ minimum: 1, description })
}

/** A user who logs in has a password, and is no admin by their own say. */
function inputExample({ isAccounts }: OwnCollection, record: FreeForm): FreeForm {
  if (!isAccounts) return record
  const { admin: _, ...user } = record
  return loginFieldOf(user) ? { ...user, password: 'password' } : user
}

/** A record as a form has it, without what may be no text. */
function textsOf(record: FreeForm): FreeForm {
  const scalars = Object.entries(record).filter(([, value]) => typeof value !== 'object')
  return Object.fromEntries(scalars.map(([name, value]) => [name, String(value)]))
}

/** One field of a record, for an example of a change. */
function firstField(record: FreeForm): FreeForm {
  const [field] = Object.entries(record)
  return field ? Object.fromEntries([field]) : {}
}

/** In a path, every id is found by its text. */
function idSchema(
  info: { readonly types: readonly string[]; readonly format?: string } | undefined,
) {
  const { types = ['string', 'integer'], format } = info ?? {}
  const [type, ...others] = types
  return { type: others.length > 0 ? types : type, ...(format ? { format } : {}) }
}

import { type TSchema, Type } from '@sinclair/typebox'
import type { FreeForm } from '../../store/free-form.js'
import type { OwnCollection } from './collection.js'
import { exampleOf } from './examples.js'

/** A parameter that is read as a number where it is one. Whatever else it holds is passed over. */
const number = (description: string, example: number) =>
  Type.Optional(
    Type.Unsafe<number | string>({ type: ['integer', 'string'], description, examples: [example] }),
  )
const text = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example] }))

/** What every record can be asked for together with. */
export const related = {
  _embed: text(
    'The collections whose records are to be put in that name this one, or a parent',
    'comments',
  ),
  _expand: text('The parents that are to be put in, by the field that names each', 'author'),
  _delay: number('How long to wait with the answer, in milliseconds', 0),
}

const paging = {
  q: text('A text that some value has, letter case aside', 'a'),
  _sort: text('The fields to sort by, with commas; a `-` before one turns it round', 'id'),
  _order: text('`asc` or `desc`, for each of those', 'asc'),
  _page: number('The number of a page, from 1', 1),
  _limit: number('How many records a page has', 10),
  _per_page: number('The same, for the page in an envelope', 10),
  _start: number('The place of the first record, from 0; with `_end` or `_limit`', 0),
  _end: number('The place behind the last record', 10),
  _where: text('A condition in JSON', '{"or":[]}'),
}

/** The query of a list: everything that has a meaning, and the fields that records have. */
export function listQuerySchema(
  collection: OwnCollection,
): TSchema & { readonly static: FreeForm } {
  const { shape, idField } = collection
  const { properties = {} }: TSchema = shape.record(shape.atStart)
  const example = exampleOf(collection)
  const fields = valuesIn(properties)
    .filter(({ name }) => !(name in paging) && !(name in related) && /^[\w.-]+$/.test(name))
    .slice(0, MAX_FIELDS)
  const plain = fields.map(({ name, types }): Parameter => {
    const value = name === idField ? example?.[idField] : undefined
    const description = `The value of \`${name}\`, as text`
    return [name, valueSchema(types, description, value)]
  })
  const operators = fields.flatMap(({ name, types }) =>
    OPERATORS.filter(({ fits }) => types.some((type) => fits.includes(type))).map(
      ({ operator, words, fits }): Parameter => [
        `${name}_${operator}`,
        valueSchema(
          types.filter((type) => fits.includes(type)),
          `${words} \`${name}\``,
        ),
      ],
    ),
  )
  const all = [...plain, ...operators.filter(([name]) => !(name in properties))]
  return Type.Unsafe<FreeForm>(
    Type.Object({ ...Object.fromEntries(all.slice(0, MAX_PARAMETERS)), ...paging, ...related }),
  )
}

/** How many fields the document lists, and with their operators: all can be asked for. */
const MAX_FIELDS = 50
const MAX_PARAMETERS = 100

type Parameter = [name: string, schema: TSchema]

interface Value {
  readonly name: string
  /** Its types in JSON Schema; none where anything goes. */
  readonly types: readonly string[]
}

/** The fields of records that hold a value, and those within their objects as `author.name`. */
function valuesIn(properties: Readonly<Record<string, TSchema>>): Value[] {
  return Object.entries(properties).flatMap(([name, schema]): Value[] => {
    const { properties: inner }: TSchema = schema
    if (inner === undefined) return [{ name, types: typesOf(schema) }]
    return Object.entries<TSchema>(inner)
      .filter(([, within]) => within.properties === undefined)
      .map(([key, within]) => ({ name: `${name}.${key}`, types: typesOf(within) }))
  })
}

function typesOf({ type }: TSchema): string[] {
  return [type ?? []].flat()
}

/** The operators that the document lists, each with what it asks. */
const OPERATORS = [
  { operator: 'ne', words: 'Not this value of', fits: ['string', 'number', 'integer', 'boolean'] },
  { operator: 'gte', words: 'The least value of', fits: ['string', 'number', 'integer'] },
  { operator: 'lte', words: 'The greatest value of', fits: ['string', 'number', 'integer'] },
  { operator: 'like', words: 'A regular expression for', fits: ['string'] },
]

/** The schema of a value in a query: a text, which typed clients may give as what it stands for. */
function valueSchema(types: readonly string[], description: string, example?: unknown): TSchema {
  const kinds = ['number', 'boolean'].filter(
    (kind) => types.includes(kind) || (kind === 'number' && types.includes('integer')),
  )
  const type = kinds.length > 0 ? [...kinds, 'string'] : 'string'
  const examples = example === undefined ? {} : { examples: [String(example)] }
  return Type.Optional(Type.Unsafe<unknown>({ type, description, ...examples }))
}

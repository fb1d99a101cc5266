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
  const { properties = {} }: TSchema = shape.record()
  const example = exampleOf(collection)
  const fields = Object.keys(properties)
    .filter((name) => !(name in paging) && !(name in related) && /^[\w.-]+$/.test(name))
    .slice(0, MAX_FIELDS)
    .map((name) => {
      const value = name === idField ? example?.[idField] : undefined
      const examples = value === undefined ? {} : { examples: [String(value)] }
      return [
        name,
        Type.Optional(
          Type.String({ description: `The value of \`${name}\`, as text`, ...examples }),
        ),
      ]
    })
  return Type.Unsafe<FreeForm>(
    Type.Object({ ...Object.fromEntries(fields), ...paging, ...related }),
  )
}

/** How many fields the document lists: all can be asked for. */
const MAX_FIELDS = 50

import type { FastifyRequest } from 'fastify'
import type { FreeForm } from '../../store/free-form.js'
import { all } from '../../store/lookups.js'
import type { OwnRecord } from '../../store/own.js'
import { textOf } from '../../store/query.js'
import { maySee } from './access.js'
import type { Own, OwnCollection } from './collection.js'
import type { ListQuery } from './dialect.js'
import type { Embedded } from './relations.js'

/** What a request wants beside records. */
type Wanted = Pick<ListQuery, 'embed' | 'expand'>

/** Whether a request wants anything beside records. */
export function wantsRelated({ embed, expand }: Wanted): boolean {
  return embed.length > 0 || expand.length > 0
}

/**
 * Puts into records what is asked for beside them: children, as a list, and parents. A parent that isn't there is left out, as is
 * what the request may not see, and what is no collection.
 */
export async function withRelated(
  own: Own,
  collection: OwnCollection,
  request: FastifyRequest,
  records: readonly FreeForm[],
  { embed, expand }: Wanted,
): Promise<readonly FreeForm[]> {
  const { relations } = own
  const found = [
    ...embed.map((name) => relations.embedded(collection.name, name)),
    ...expand.map((name) => relations.expanded(name)),
  ]
  const added = await Promise.all(
    found.map((each) => {
      const target = own.collections.find(({ name }) => name === each?.collection)
      if (!each || !target) return undefined
      return each.kind === 'children'
        ? childrenOf(records, each, target, collection, request)
        : parentsOf(records, each, target, request)
    }),
  )
  return records.map((record) => {
    let whole = record
    for (const fieldsOf of added) if (fieldsOf) whole = { ...whole, ...fieldsOf(record) }
    return whole
  })
}

/** What is put into a record. */
type FieldsOf = (record: FreeForm) => FreeForm

async function childrenOf(
  records: readonly FreeForm[],
  { as, key }: Embedded,
  target: OwnCollection,
  { idField }: OwnCollection,
  request: FastifyRequest,
): Promise<FieldsOf> {
  const children = await visible(target, request, ['content', key], textsAt(records, idField))
  const byParent = new Map<string | undefined, FreeForm[]>()
  for (const { content } of children) {
    const parent = textOf(content[key])
    const siblings = byParent.get(parent)
    if (siblings) siblings.push(content)
    else byParent.set(parent, [content])
  }
  return (record) => ({ [as]: byParent.get(textOf(record[idField])) ?? [] })
}

async function parentsOf(
  records: readonly FreeForm[],
  { as, key }: Embedded,
  target: OwnCollection,
  request: FastifyRequest,
): Promise<FieldsOf> {
  const parents = await visible(target, request, 'key', textsAt(records, key))
  const byKey = new Map(parents.map((parent) => [parent.key, parent.content]))
  return (record) => {
    const parent = byKey.get(textOf(record[key]) ?? '')
    return parent ? { [as]: parent } : {}
  }
}

function textsAt(records: readonly FreeForm[], field: string): string[] {
  return [...new Set(records.map((record) => textOf(record[field])))].filter(
    (text) => text !== undefined,
  )
}

/** The records of a collection that have one of some texts at a place, as far as the request may see them. */
async function visible(
  collection: OwnCollection,
  request: FastifyRequest,
  path: 'key' | readonly ['content', string],
  value: readonly string[],
): Promise<OwnRecord[]> {
  const records = await all(collection.records(request.store), { where: { path, op: 'is', value } })
  return records.filter((record) => maySee(collection, request, record))
}

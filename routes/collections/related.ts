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
  let result = records
  for (const each of found) {
    const target = own.collections.find(({ name }) => name === each?.collection)
    if (!each || !target) continue
    const add = each.kind === 'children' ? addChildren : addParents
    result = await add(result, each, target, collection, request)
  }
  return result
}

async function addChildren(
  records: readonly FreeForm[],
  { as, key }: Embedded,
  target: OwnCollection,
  { idField }: OwnCollection,
  request: FastifyRequest,
): Promise<readonly FreeForm[]> {
  const children = await visible(target, request, ['content', key], textsAt(records, idField))
  const byParent = new Map<string | undefined, FreeForm[]>()
  for (const { content } of children) {
    const parent = textOf(content[key])
    const siblings = byParent.get(parent)
    if (siblings) siblings.push(content)
    else byParent.set(parent, [content])
  }
  return records.map((record) => ({
    ...record,
    [as]: byParent.get(textOf(record[idField])) ?? [],
  }))
}

async function addParents(
  records: readonly FreeForm[],
  { as, key }: Embedded,
  target: OwnCollection,
  _collection: OwnCollection,
  request: FastifyRequest,
): Promise<readonly FreeForm[]> {
  const parents = await visible(target, request, 'key', textsAt(records, key))
  const byKey = new Map(parents.map((parent) => [parent.key, parent.content]))
  return records.map((record) => {
    const parent = byKey.get(textOf(record[key]) ?? '')
    return parent ? { ...record, [as]: parent } : record
  })
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

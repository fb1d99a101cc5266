import { namesOf } from '../routes/collections/names.js'
import type { InferredPart } from '../seed/infer.js'
import { readData } from '../seed/read.js'
import type { FreeForm } from '../store/free-form.js'
import { chosenDataFile } from './data-file/find.js'
import { ownPartsOf, ownSettings } from './own-file.js'
import type { ServeFlags } from './settings.js'
import { fieldName, typeText } from './type-text.js'

/** What holds all, in the file and in `GET /db`. */
const ALL = 'Data'

/** Prints TypeScript types for the user's own collections in a data file. */
export async function printTypes(named: string | undefined, flags: ServeFlags): Promise<void> {
  const settings = ownSettings(flags)
  const parts = await ownPartsOf(await readData(await chosenDataFile(named)), settings)
  process.stdout.write(typesOf(parts, settings.id))
}

/**
 * TypeScript types for records, each named as it is in the OpenAPI document.
 * @param idField where a record has its id
 */
export function typesOf(parts: readonly InferredPart[], idField: string): string {
  const taken = new Set([ALL])
  const takeName = (name: string) => {
    let free = name
    for (let count = 2; taken.has(free); count++) free = `${name}${count}`
    taken.add(free)
    return free
  }
  const named = parts.map((inferred) => {
    const { name, isSingular } = inferred.part
    const { schema } = namesOf(name, isSingular, (each) => taken.has(each))
    return { inferred, typeName: takeName(schema) }
  })
  const records = named.map(({ inferred, typeName }) =>
    typeText({ name: typeName, schema: recordSchema(inferred, idField) }, takeName),
  )
  const properties = named.map(({ inferred: { part }, typeName }) => {
    return `  ${fieldName(part.name)}: ${typeName}${part.isSingular ? '' : '[]'}\n`
  })
  const all = `/** All of it, by the names that it has in the file. */\nexport interface ${ALL} {\n${properties.join('')}}\n`
  return ['// Written by "slipway types".\n', ...records, all].join('\n')
}

/** A record as it is read: with an id, whatever a schema of the file's own says of that. */
function recordSchema({ part, schema, shape }: InferredPart, idField: string): FreeForm {
  if (!schema || part.isSingular) return schema ?? shape.toSchema()
  const id = shape.toSchema().properties?.[idField] ?? { type: ['string', 'number'] }
  return {
    ...schema,
    properties: { [idField]: id, ...schema.properties },
    required: [idField, ...(schema.required ?? [])],
  }
}

import { isDeepStrictEqual } from 'node:util'
import { COLLECTIONS } from '../seed/described.js'
import type { Source } from '../seed/errors.js'
import type { InferredPart } from '../seed/infer.js'
import { parseJson } from '../seed/read.js'
import { replaceText } from './data-file/edit.js'
import { editedDataFile } from './data-file/find.js'
import { addSchemas } from './data-file/schemas.js'
import { type OwnSettings, ownPartsOf, ownSettings } from './own-file.js'
import { listed, say } from './say.js'
import type { ServeFlags } from './settings.js'

/** Writes the shapes that the user's own collections have into the data file, as schemas that their records are held to. */
export async function freeze(named: string | undefined, flags: ServeFlags): Promise<void> {
  const settings = ownSettings(flags)
  const file = await editedDataFile(named)
  say(await replaceText(file, (text) => frozen({ name: file, text }, settings)))
}

/** The text of a data file with a schema for every collection that has records, and none so far. */
async function frozen(
  source: Required<Source>,
  settings: OwnSettings,
): Promise<{ text: string; done: string }> {
  const data = await parseJson(source)
  const parts = await ownPartsOf({ source, data }, settings)
  const schemas = new Map<string, unknown>()
  for (const { part, schema, shape } of parts) {
    if (schema || part.records.length === 0) continue
    schemas.set(part.name, JSON.parse(JSON.stringify(shape.toSchema())))
  }
  const done = outcome(source.name, parts, [...schemas.keys()])
  if (schemas.size === 0) return { text: source.text, done }
  const text = addSchemas(source.text, schemas)
  const after = { name: source.name, text }
  const meaning = await parseJson(after)
  if (!isDeepStrictEqual(meaning, withSchemas(data, schemas))) {
    throw new Error(`${source.name}: the edit would have changed something else too`)
  }
  // What the server would refuse isn't written.
  await ownPartsOf({ source: after, data: meaning }, settings)
  return { text, done }
}

function withSchemas(data: unknown, schemas: ReadonlyMap<string, unknown>): object {
  const described = new Map<string, unknown>(Object.entries(Object(Object(data)[COLLECTIONS])))
  for (const [name, schema] of schemas)
    described.set(name, { ...Object(described.get(name)), schema })
  return { ...Object(data), [COLLECTIONS]: Object.fromEntries(described) }
}

function outcome(file: string, parts: readonly InferredPart[], frozen: readonly string[]): string {
  const namesOf = (isMeant: (part: InferredPart) => boolean) =>
    listed(parts.filter(isMeant).map(({ part }) => part.name))
  const kept = namesOf(({ schema }) => schema !== undefined)
  const empty = namesOf(({ schema, part }) => !schema && part.records.length === 0)
  return [
    frozen.length > 0
      ? `wrote into ${file} the schemas of: ${listed(frozen)}`
      : `nothing to freeze in ${file}`,
    ...(kept ? [`kept as they are: ${kept}`] : []),
    ...(empty ? [`without records to learn from: ${empty}`] : []),
  ].join('; ')
}

import type { Config } from '../../config.js'
import type { Tag } from '../../plugins/openapi/describe.js'
import type { Source } from '../../seed/errors.js'
import { infer } from '../../seed/infer.js'
import type { OwnPart } from '../../seed/own-records.js'
import { Shape } from '../../seed/shape.js'
import { type Own, type OwnCollection, ownOf } from './collection.js'

/**
 * Finds out what is the user's own.
 * @param hasAccounts whether its users log in, and not an API's
 * @throws SeedError
 */
export async function readOwn(
  own: ReadonlyMap<string, unknown>,
  source: Source,
  config: Config,
  hasAccounts: boolean,
): Promise<Own> {
  const inferred = await infer(own, source, config.id)
  const descriptions = new Map(inferred.map((each) => [each.part, each]))
  const parts = inferred.map(({ part }) => part)
  // Users who aren't in the file yet have no shape so far.
  const describe = (part: OwnPart) => descriptions.get(part) ?? { shape: new Shape() }
  const isFrozen = config.enforce || inferred.some(({ schema }) => schema)
  const compile = isFrozen ? (await import('../../seed/given-schema.js')).compileSchema : unused
  return ownOf(parts, describe, config, compile, hasAccounts)
}

/** Shapes that follow the data hold nobody to them. */
function unused(): never {
  throw new Error('This shape is not frozen')
}

/** All that the store keeps of it. */
export function sourcesOf({ collections, accounts }: Own): readonly OwnCollection[] {
  const isListed = accounts === undefined || collections.includes(accounts)
  return isListed ? collections : [...collections, accounts]
}

/** Whether there is something to serve: data, or just a place to log in. */
export function isServed({ collections, accounts }: Own): boolean {
  return collections.length > 0 || accounts !== undefined
}

/** How the document introduces it. */
export function tagsOf(own: Own): readonly Tag[] {
  const tags = own.collections.map(({ name }) => ({ name, description: `Your own \`${name}\`.` }))
  return isServed(own)
    ? [...tags, { name: 'db', description: 'Everything at once, and what has become of it.' }]
    : []
}

/** The first names in its paths. */
export function pathsOf({ collections }: Own): readonly string[] {
  return ['db', ...collections.map(({ name }) => name.split('/')[0] ?? '')]
}

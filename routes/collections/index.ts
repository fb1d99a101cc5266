import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { bearer } from '../../plugins/auth/carriers.js'
import guards from '../../plugins/auth/guards.js'
import { remembering } from '../../plugins/http/compilers.js'
import { delayAsAsked } from '../../plugins/http/delay.js'
import form from '../../plugins/http/form.js'
import type { World } from '../../plugins/workspaces/world.js'
import type { Source } from '../../seed/errors.js'
import type { Own, OwnCollection } from './collection.js'
import { addWholeState } from './db.js'
import { addDrift } from './drift.js'
import { weakEtags } from './etags.js'
import { addFiles } from './files.js'
import { type Names, namesOf } from './names.js'
import { addNested } from './nested.js'
import { refuseTaken } from './paths.js'
import { addCollection } from './routes.js'
import { addSchemas, type Related } from './schemas.js'
import { addSingular } from './singular.js'
import type { Route } from './subject.js'
import { addUploads, type UploadOptions } from './uploads.js'
import { MERGE_PATCH } from './writing.js'

export interface CollectionsOptions extends UploadOptions {
  readonly own: Own
  /** What the paths begin with. */
  readonly at?: string | undefined
  /** Where the data comes from. */
  readonly source: Source
}

declare module 'fastify' {
  interface FastifyInstance {
    /** What is the user's own. */
    readonly own: Own
  }
}

/** What the names of a collection's schemas end in. */
const SUFFIXES = ['', 'Input', 'Patch', 'MergePatch', 'Upload', 'PatchUpload', 'Id', 'Page']

/** Longer lists are written as a whole: their texts are not remembered. */
const MAX_REMEMBERED = 256

/** The user's own collections and single resources, each at its path, and `/db`, which is all of them. */
const collections: FastifyPluginAsync<CollectionsOptions> = async (root, options) => {
  const { own, at, source } = options
  tellWhere(root, own.collections, at)
  addDrift(root)
  await refuseTaken(root, own.collections, at, source)
  await root.register(
    async (app) => addAll(app, own, options),
    at === undefined ? {} : { prefix: at },
  )
}

/** Says in the log, once the server listens, what there is. */
function tellWhere(app: FastifyInstance, collections: readonly OwnCollection[], at = ''): void {
  if (collections.length === 0) return
  const paths = collections.slice(0, MAX_TOLD).map(({ path }) => `${at}${path}`)
  const more = collections.length > MAX_TOLD ? ` and ${collections.length - MAX_TOLD} more` : ''
  app.addHook('onListen', async () => {
    app.log.info(`Your own data is at ${paths.join(', ')}${more}; all of it is at ${at}/db`)
  })
}

/** How many paths the log has. */
const MAX_TOLD = 20

async function addAll(app: FastifyInstance, own: Own, options: UploadOptions): Promise<void> {
  await app.register(guards, { carriers: [bearer] })
  await app.register(form)
  app.addContentTypeParser<Buffer>(MERGE_PATCH, { parseAs: 'buffer' }, app.parseJson)
  // Bodies are held to the shape, which changes, and the rest is read by its own grammar.
  app.setValidatorCompiler(() => () => true)
  const write = remembering((value) => JSON.stringify(value))
  app.setSerializerCompiler(() => (value) => {
    if (!Array.isArray(value)) return write(value)
    return value.length > MAX_REMEMBERED ? JSON.stringify(value) : `[${value.map(write).join(',')}]`
  })
  await app.register(weakEtags)
  app.addHook('onSend', delayAsAsked)

  const schemaNames = new Set(app.schemaNames())
  const isTaken = (name: string) => SUFFIXES.some((suffix) => schemaNames.has(name + suffix))
  const named = own.collections.map((collection) => {
    const names = namesOf(collection.name, collection.isSingular, isTaken)
    for (const suffix of SUFFIXES) schemaNames.add(names.schema + suffix)
    return { collection, names }
  })
  const routes = named.map(({ collection, names }): Route => {
    const related = (world: World) => relatedSchemas(own, collection, named, world)
    return { own, collection, names, schemas: addSchemas(app, collection, names, related) }
  })
  addWholeState(app, own)
  await addUploads(app, routes, options)
  // In a scope of their own, without schemas: where a scope has some, Fastify copies them all for every route.
  await app.register(async (scope) => addRoutes(scope, own, routes))
}

function addRoutes(app: FastifyInstance, { relations }: Own, routes: readonly Route[]): void {
  for (const route of routes) {
    if (route.collection.isSingular) addSingular(app, route)
    else {
      addCollection(app, route)
      addFiles(app, route)
    }
  }
  const lists = routes.filter(({ collection }) => !collection.isSingular)
  for (const parent of lists) {
    const key = relations.get(parent.collection.name)?.key
    if (key !== undefined) addNested(app, parent, lists, key)
  }
}

/** What a request can have put into the records of a collection: children, as lists, and parents. */
function relatedSchemas(
  { relations }: Own,
  { name, isSingular, shape }: OwnCollection,
  named: readonly { readonly collection: OwnCollection; readonly names: Names }[],
  world: World,
): Related {
  const { seen } = shape.in(world)
  const related = new Map<string, TSchema>()
  const key = relations.get(name)?.key
  for (const { collection: other, names } of isSingular ? [] : named) {
    if (other.isSingular) continue
    const parent = relations.get(other.name)
    const isParent = parent && (seen.has([parent.key]) || seen.has([parent.singular]))
    if (isParent) related.set(parent.singular, Type.Ref(names.schema))
    const isChild = key !== undefined && other.shape.in(world).seen.has([key])
    if (isChild || seen.has([other.name])) {
      related.set(other.name, Type.Array(Type.Ref(names.schema)))
    }
  }
  return related
}

export default collections

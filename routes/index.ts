import type { FastifyPluginAsync } from 'fastify'
import type { API_NAMES, Config } from '../config.js'
import type { Tag } from '../plugins/openapi/document.js'
import fleet from './fleet/index.js'
import forum from './forum/index.js'
import memes from './memes/index.js'
import plans from './plans/index.js'
import registry from './registry/index.js'

/** One of the APIs: what mounts its routes, and how the document introduces it. */
export interface Api {
  readonly tag: Tag
  readonly routes: FastifyPluginAsync<ApiOptions>
}

export interface ApiOptions {
  readonly config: Config
}

/** Every API that can be mounted, by its name in the setting `apis`. */
export const apis: Readonly<Record<(typeof API_NAMES)[number], Api>> = {
  fleet,
  forum,
  memes,
  registry,
  plans,
}

import type { FastifyPluginAsync } from 'fastify'
import type { Config } from '../config.js'
import type { Tag } from '../plugins/openapi/describe.js'
import type { Links } from '../plugins/openapi/links.js'
import type { KeptName } from '../seed/kept.js'
import type { PartName } from '../seed/parts.js'

/** One of the APIs: what mounts its routes, how the document introduces it, and what of it others have to know. */
export interface Api {
  readonly tag: Tag
  /** The parts of a data file that it has. */
  readonly parts: readonly (PartName | KeptName)[]
  readonly routes: FastifyPluginAsync<ApiOptions>
  /** Whether `/` is its own. */
  readonly hasHome?: boolean
  /** Its part in `GET /login`, which several APIs share. That route gives tokens that may never expire. */
  readonly login?: SharedLogin
}

/** What one API makes of the login that it shares. */
export interface SharedLogin {
  /** Where it leads to in this API. */
  readonly links: Links
  /** Whether this API's clients read the text of an error in `error`; in `message` it is in any case. */
  readonly isInError: boolean
}

export interface ApiOptions {
  readonly config: Config
  /** All that are mounted. */
  readonly mounted: readonly Api[]
}

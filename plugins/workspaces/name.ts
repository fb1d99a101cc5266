import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { errors } from '../http/errors.js'
import { originForm } from '../http/target.js'

declare module 'node:http' {
  interface IncomingMessage {
    /** The name of the workspace that the path begins with, as it is written. */
    workspace?: string
  }
}

/** What names a workspace, where its path doesn't. */
export const WORKSPACE_HEADER = 'x-slipway-workspace'

/** What a workspace can be called. */
export const WORKSPACE_NAME = '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$'
const NAME = new RegExp(WORKSPACE_NAME)

/** The first name in a path, behind the tilde, which some clients escape (RFC 3986, section 2.3). */
const PREFIX = /^\/(?:~|%7[Ee])([^/?]*)/

/**
 * Takes the workspace from the front of a path, and notes it in the request.
 * @returns the path inside the workspace
 */
export function withoutWorkspace(request: IncomingMessage): string {
  const url = originForm(request.url ?? '/')
  // Of every request, so that it has to be quick.
  if (url.charCodeAt(1) !== TILDE && url.charCodeAt(1) !== PERCENT) return url
  const [prefix, name] = PREFIX.exec(url) ?? []
  if (prefix === undefined) return url
  request.workspace = name ?? ''
  const rest = url.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

const TILDE = '~'.charCodeAt(0)
const PERCENT = '%'.charCodeAt(0)

/** Whether a request is for a workspace. */
export function namesWorkspace({ raw, headers }: FastifyRequest): boolean {
  return raw.workspace !== undefined || headers[WORKSPACE_HEADER] !== undefined
}

/**
 * The name of the workspace that a request is for.
 * @throws 400 when that can't be a name, or the path and the header name two
 */
export function workspaceOf({ raw, headers }: FastifyRequest): string {
  const inPath = raw.workspace
  const inHeader = headers[WORKSPACE_HEADER]
  const name = inPath ?? String(inHeader)
  if (!NAME.test(name)) throw errors.workspaceNameInvalid()
  if (inHeader !== undefined && inHeader !== name) throw errors.workspacesDiffer()
  return name
}

/** What the paths of a request's world begin with, for whoever has found it by its path. */
export function baseOf({ raw }: FastifyRequest): string {
  return raw.workspace === undefined ? '' : `/~${raw.workspace}`
}

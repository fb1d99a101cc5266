import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { oneOf } from '../../store/schema.js'
import { pathOf } from '../http/methods.js'
import { unescaped } from '../http/target.js'

/** Says which requests are meant. Without any of it, all are. */
export const RequestMatch = Type.Object(
  {
    method: Type.Optional(
      oneOf(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], {
        description: 'The method',
        examples: ['POST'],
      }),
    ),
    path: Type.Optional(
      Type.String({
        pattern: '^(/(\\*|[^*/?#]*))*(/\\*\\*)?$',
        minLength: 1,
        maxLength: 2_000,
        description:
          'The path, without the workspace: exact, or with `*` for one name in it, and `**` at its end for the rest, which may be none',
        examples: ['/api/ships/*'],
      }),
    ),
    operation: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'The `operationId` of this document',
        examples: ['createShip'],
      }),
    ),
  },
  {
    $id: 'RequestMatch',
    additionalProperties: false,
    description: 'Which requests are meant: all, where nothing is said of them',
    examples: [{ method: 'POST', path: '/api/ships' }],
  },
)
export type RequestMatch = Static<typeof RequestMatch>

/** What of a request is looked at, as it is inside its workspace. */
export interface Matchable {
  readonly method: string
  readonly path: string
  /** The `operationId`; undefined where the document has none. */
  readonly operation: string | undefined
}

/** What of a request a match looks at. */
export function matchableOf(request: FastifyRequest): Matchable {
  const { method, routeOptions } = request
  return { method, path: pathOf(request), operation: routeOptions.schema?.operationId }
}

/** Says of requests whether they are meant. */
export function matcher({
  method,
  path,
  operation,
}: RequestMatch): (request: Matchable) => boolean {
  const fits = path === undefined ? undefined : pathMatcher(path)
  return (request) =>
    (method === undefined || method === request.method) &&
    (operation === undefined || operation === request.operation) &&
    (fits === undefined || fits(request.path))
}

/** Says of paths whether they fit a pattern, in a time that grows with their length alone. */
function pathMatcher(pattern: string): (path: string) => boolean {
  const hasRest = pattern.endsWith(REST)
  const written = hasRest ? pattern.slice(0, -REST.length) : pattern
  const wanted = written.split('/').map((name) => (name === '*' ? ANY : unescaped(name)))
  return (path) => {
    const names = path.split('/')
    if (hasRest ? names.length < wanted.length : names.length !== wanted.length) return false
    return wanted.every((name, at) => name === ANY || name === unescaped(names[at] ?? ''))
  }
}

/** Stands for any name. */
const ANY = Symbol('any')

const REST = '/**'

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { TSchema } from '@sinclair/typebox'
import type {
  ContextConfigDefault,
  FastifyInstance,
  FastifyRequest,
  FastifySchema,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
  RouteOptions,
} from 'fastify'
import { type Check, checkOnceRead, type Guard } from './auth/guards.js'
import { fillIn, READ, refuseEncoded, refuseFields } from './http/bodies.js'
import { errors, type Wording } from './http/errors.js'
import { checkNames } from './http/methods.js'
import { isChange } from './http/read-only.js'
import { impliedAnswers } from './openapi/implied.js'
import { type Links, linksIn } from './openapi/links.js'
import { failure, worded } from './openapi/responses.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the body of a route has in it that reads the body itself. */
    readonly streamedBody?: TSchema | undefined
  }
}

/** A route as Fastify takes it, with the types that its schema gives to its handler. */
type Finished<S extends FastifySchema> = RouteOptions<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  RouteGenericInterface,
  ContextConfigDefault,
  S,
  TypeBoxTypeProvider
>

/** What a route says of itself. What follows from that is added to it. */
export interface RouteDescription<S extends FastifySchema>
  extends Pick<Finished<S>, 'url' | 'handler'> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Who is let in; everybody without it. */
  readonly guard?: Guard | undefined
  /** Its `response` names the answers that don't follow from the rest. */
  readonly schema: S
  /** What the body has in it, of a route that reads the body itself. */
  readonly streamedBody?: TSchema
  /** Whether it changes no data, whatever its method says, such as a login: a read-only server has it too. */
  readonly keepsData?: boolean
  /** Whether a body is passed over, where its schema has none. */
  readonly ignoresBody?: boolean
  /** Whether a query can ask for a field of this name, where the records have fields of any. */
  readonly isField?: (name: string, request: FastifyRequest) => boolean
  /** Whether the handler is to see what breaks the schema (`request.validationError`), and to refuse it. */
  readonly attachValidation?: boolean
  /** Refuses, once the guard has let a request in, what can be refused before the body is read. */
  readonly refuseEarly?: Check
}

/**
 * Adds a route to an API.
 * @param app the API's scope: it has the words for errors, and the schemas that are referred to
 */
export function addRoute<const S extends FastifySchema>(
  app: FastifyInstance,
  description: RouteDescription<S>,
): void {
  for (const { name, scheme } of description.guard?.schemes ?? []) {
    app.securitySchemes[name] = scheme
  }
  app.withTypeProvider<TypeBoxTypeProvider>().route(routeOf(app, description))
}

/** Builds a route from what it says of itself: its checks, in their order, and all answers in the words of its API. */
export function routeOf<const S extends FastifySchema>(
  app: Pick<FastifyInstance, 'getSchema'> & {
    readonly isReadOnly: boolean
    readonly wording: Wording
  },
  {
    method,
    url,
    guard,
    schema,
    streamedBody,
    keepsData,
    ignoresBody = false,
    isField,
    attachValidation = false,
    refuseEarly,
    handler,
  }: RouteDescription<S>,
): Finished<S> {
  const readsBody = READ.has(method)
  const body = schema.body ?? streamedBody
  const named: Record<string, TSchema> = { ...Object(schema.response), ...guard?.refusals }
  const answers = {
    ...named,
    ...impliedAnswers(app, { ...schema, body }, readsBody, named),
    ...(app.isReadOnly && isChange(method, keepsData) ? REFUSED_CHANGE : {}),
  }
  return {
    method,
    url,
    handler,
    attachValidation,
    schema: Object.assign({}, schema, {
      response: worded(answers, app.wording),
      ...(guard && guard.security.length > 0 ? { security: guard.security } : {}),
    }),
    config: { guard, streamedBody, keepsData, isField },
    links: linksOf(answers),
    onRequest: [
      ...(url.includes(':') ? [checkNames] : []),
      ...(readsBody ? [refuseEncoded] : []),
      ...(guard?.onRequest ?? []),
      ...(refuseEarly ? [refuseEarly] : []),
    ],
    preValidation: [
      ...(readsBody && !streamedBody && !ignoresBody ? [schema.body ? fillIn : refuseFields] : []),
      ...(guard && !streamedBody ? checkOnceRead(guard) : []),
    ],
  }
}

const REFUSED_CHANGE = { 403: failure('The server is read-only', errors.readOnly()) }

/** The links of some answers, by the status of each that has them, as @fastify/swagger takes them. */
function linksOf(answers: Readonly<Record<string, TSchema>>): Record<string, Links> {
  const links: Record<string, Links> = {}
  for (const [status, answer] of Object.entries(answers)) {
    const those = linksIn(answer)
    if (those) links[status] = those
  }
  return links
}

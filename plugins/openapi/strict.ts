import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { errors, PLAIN } from '../http/errors.js'
import { type Answer, type Breach, Contract, type OperationName } from './contract.js'
import { PerDocument } from './keys.js'
import { HEADERS } from './responses.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Tells of each answer that breaks the document; only in strict mode. */
    readonly breaches?: EventEmitter<{ breach: [breach: BrokenAnswer] }>
  }
}

/** What the log says of such an answer. */
export const BROKEN = 'An answer breaks the OpenAPI document'

/** An answer that isn't what the document says. */
export interface BrokenAnswer {
  /** Such as `GET /api/ships/{id} 200`. */
  readonly answer: string
  readonly breaches: readonly Breach[]
}

/**
 * Compares every answer with the OpenAPI document. One that breaks it is logged with the place, and becomes a 500.
 * What goes out is looked at, and also what the handler gave: fields that no schema has are dropped while it is written.
 */
export default fp(
  async (app) => {
    const breaches = new EventEmitter<{ breach: [breach: BrokenAnswer] }>()
    app.decorate('breaches', breaches)
    const values = new WeakMap<FastifyRequest, unknown>()
    const routes: RouteOptions[] = []
    const instances = new Set<FastifyInstance>()
    const contracts = new PerDocument(app.documentKeys, (world) =>
      contractOf(
        routes,
        instances,
        [...app.liveSchemas.values()].map((live) => live(world)),
        () => app.openapi(world),
      ),
    )

    app.addHook('onRoute', function (route) {
      routes.push(route)
      instances.add(this)
    })

    app.addHook('preSerialization', (request, _reply, value, done) => {
      values.set(request, value)
      done(null, value)
    })

    app.addHook('onSend', async (request, reply, payload) => {
      // What is wrong on purpose is to go out so.
      if (request.fault !== undefined) return payload
      const { statusCode: status } = reply
      const operation = operationOf(request)
      const found = (await contracts.of(request.world)).breachesOf(operation, {
        status,
        headers: reply.getHeaders(),
        body: bodyOf(payload),
        value: asJson(values.get(request)),
      })
      if (found.length === 0) return payload

      const { method, path } = operation ?? { method: request.method, path: request.url }
      const broken = { answer: `${method.toUpperCase()} ${path} ${status}`, breaches: found }
      request.log.error(broken, BROKEN)
      breaches.emit('breach', broken)
      if (payload instanceof Readable) payload.destroy()
      for (const name of ['content-length', ...Object.keys(HEADERS)]) reply.removeHeader(name)
      const error = errors.internal()
      reply.code(error.statusCode).type('application/json; charset=utf-8')
      return JSON.stringify(error.bodyIn(PLAIN))
    })
  },
  { name: 'strict', dependencies: ['openapi'] },
)

/** The contract that was needed last: it serves every application with the same routes. */
let latestContract: { readonly madeOf: string; readonly contract: Contract } | undefined

/**
 * The contract of an application. Generating a document takes longer than most tests, which build an application each, so
 * the last one is kept, by all that a contract reads of a document: the routes' schemas, and those that they refer to.
 */
async function contractOf(
  routes: readonly RouteOptions[],
  instances: ReadonlySet<FastifyInstance>,
  liveSchemas: readonly TSchema[],
  generate: () => Promise<object>,
): Promise<Contract> {
  const schemas = [...instances].map((instance) => instance.getSchemas())
  const madeOf = JSON.stringify([
    routes.map(({ method, url, schema }) => [method, url, schema]),
    Object.assign({}, ...schemas),
    liveSchemas,
  ])
  if (latestContract?.madeOf === madeOf) return latestContract.contract
  const contract = new Contract(await generate())
  latestContract = { madeOf, contract }
  return contract
}

/** The operation that a request belongs to; undefined where the document has none. */
function operationOf({
  is404,
  isOutside,
  routeOptions,
}: FastifyRequest): OperationName | undefined {
  const { schema, url = '', method } = routeOptions
  if (is404 || isOutside || !schema || ('hide' in schema && schema.hide)) return undefined
  // Every GET is a HEAD too, which differs from it by its body alone.
  const name = String(method === 'HEAD' ? 'GET' : method).toLowerCase()
  return { path: url.replace(/:([^/]+)/g, '{$1}'), method: name }
}

function bodyOf(payload: unknown): Answer['body'] {
  if (payload === undefined || payload === null) return ''
  return typeof payload === 'string' || payload instanceof Buffer ? payload : undefined
}

/** A handler's value as JSON has it. */
function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

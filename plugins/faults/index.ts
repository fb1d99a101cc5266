import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isControl } from '../control.js'
import { errors } from '../http/errors.js'
import { isChange } from '../http/read-only.js'
import { matchableOf } from '../workspaces/match.js'
import { PerWorld } from '../workspaces/world.js'
import { cutBody } from './cut.js'
import { exampleAnswer, JSON_TYPE } from './example.js'
import { wishOf } from './prefer.js'
import type { Consequence } from './rule.js'
import { FaultRules, type Firing } from './rules.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly faults: Faults
  }
  interface FastifyRequest {
    /** What has gone wrong on purpose: a rule's id, or `prefer` where the request asked for it. */
    fault: string | undefined
    /** The headers that its answer has for that. */
    faultHeaders: Consequence['headers']
  }
}

/** What is to go wrong in each world. */
export class Faults {
  readonly rules = new PerWorld(() => new FaultRules())
  /** The names of all operations, with which rules can name them. */
  readonly operations = new Set<string>()
  #last = 0

  /** Another rule's, whichever world it is in. */
  nextId(): string {
    this.#last++
    return `fault-${this.#last}`
  }
}

/**
 * Lets requests go wrong on purpose: before anything else looks at them, so that one which is not answered as ever has changed
 * nothing.
 */
export default fp(
  async (app) => {
    const faults = new Faults()
    app.decorate('faults', faults)
    app.decorateRequest('fault', undefined)
    app.decorateRequest('faultHeaders', undefined)
    if (!app.controls.isThere) return

    app.addHook('onRoute', ({ schema }) => {
      if (schema?.operationId !== undefined) faults.operations.add(schema.operationId)
    })

    app.addHook('onRequest', (request, reply, done) => {
      const rules = faults.rules.of(request.world)
      const wish = wishOf(request)
      if ((rules.size === 0 && wish === undefined) || isSpared(request)) return done()
      const isPreflight = isPreflightRequest(request)
      const granted = wish && !isPreflight && app.controls.isOn(request) ? wish : undefined
      if (granted && app.database) return done(errors.memoryNeeded('faults'))
      const firing = granted ?? rules.decide(matchableOf(request), isPreflight)
      if (!firing) return done()
      request.fault = firing.id
      if (granted) reply.header('preference-applied', granted.applied)
      carryOut(firing, request, reply).then((isOver) => {
        if (!isOver) done()
      }, done)
    })

    app.addHook('onSend', (request, reply, payload, done) => {
      if (request.faultHeaders) reply.headers(request.faultHeaders)
      done(null, payload)
    })
  },
  { name: 'faults', dependencies: ['control', 'errors', 'workspaces'] },
)

/** Whether a request is none that faults are about: it steers the server, or is for a person who reads the document. */
function isSpared(request: FastifyRequest): boolean {
  // OPTIONS has one route for all paths, which the document doesn't have either.
  const isHidden = request.routeOptions.schema?.hide === true && request.method !== 'OPTIONS'
  return isHidden || isControl(request)
}

/** Whether a browser asks whether a page may ask (Fetch, section 3.2.2). */
function isPreflightRequest({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/**
 * Does to a request what has been decided.
 * @returns whether that was its end
 */
async function carryOut(
  { delay, consequence: { status, headers, body, abort } }: Firing,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  if (delay > 0) await request.server.delays.wait(reply, delay)
  // Its client has left, and is to find everything as it was.
  if (reply.raw.destroyed) return drop(reply)
  if (abort !== undefined) request.log.info({ fault: request.fault }, 'A fault ends a connection')
  if (abort === 'before') return drop(reply)
  if (abort === 'in the body') cutBody(reply.raw)
  request.faultHeaders = headers
  const isCutChange = abort !== undefined && !request.is404 && isChange(request.method)
  if (status === undefined && body === undefined && !isCutChange) return false
  answer(request, reply, status, body)
  return true
}

/** Ends a connection without an answer. */
function drop(reply: FastifyReply): true {
  reply.hijack()
  reply.raw.destroy()
  return true
}

/** Answers in the place of the handler. */
function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number | undefined,
  body: unknown,
): void {
  const example = exampleAnswer(request, status)
  const content = body === undefined ? example.body : written(body, request.faultHeaders)
  const type = body === undefined ? example.type : JSON_TYPE
  request.refusal = `by ${request.fault}`
  reply.code(example.status).headers(example.headers)
  // As bytes, so that nobody takes it for what a handler has given.
  if (content === undefined) reply.send()
  else reply.type(type).send(Buffer.from(content))
}

/** A body as it goes out: a text as it is, where the headers say that it is no JSON. */
function written(body: unknown, headers: Consequence['headers'] = {}): string {
  const type = Object.keys(headers).find((name) => name.toLowerCase() === 'content-type')
  const isText =
    typeof body === 'string' && type !== undefined && !/json/i.test(headers[type] ?? '')
  return isText ? body : JSON.stringify(body)
}

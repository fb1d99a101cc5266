import { setImmediate } from 'node:timers/promises'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import type { ProblemDetail } from '../../plugins/http/problem.js'
import { differences } from '../../plugins/journal/compare.js'
import type { Exchange } from '../../plugins/journal/exchange.js'
import { filter, RequestFilter } from '../../plugins/journal/query.js'
import { failure, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { ref } from '../../store/schema.js'
import { REQUESTS, RequestCount } from './requests.js'

const texts = (description: string, example: Record<string, string>) =>
  Type.Optional(Type.Record(Type.String(), Type.String(), { description, examples: [example] }))

const number = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, description }))

const Verification = Type.Object(
  {
    match: Type.Object(
      {
        ...RequestFilter.properties,
        query: texts('Parameters of the query, each with one of its values', { _page: '2' }),
        headers: texts('Headers, by any case of their names; secrets are `***` here too', {
          authorization: 'Bearer ***',
        }),
        body: Type.Optional(
          Type.Unknown({
            description: 'What the body has in it, as JSON: objects may have more fields',
            examples: [{ crew: 1 }],
          }),
        ),
      },
      {
        additionalProperties: false,
        description: 'Which requests are meant: all without any of it',
      },
    ),
    count: Type.Optional(
      Type.Object(
        {
          exactly: number('As many and no more'),
          atLeast: number('As many or more'),
          atMost: number('As many or fewer'),
        },
        {
          additionalProperties: false,
          description: 'How many there have to be: one at least, where nothing is said',
        },
      ),
    ),
  },
  {
    $id: 'Verification',
    additionalProperties: false,
    examples: [
      { match: { method: 'POST', path: '/api/ships', body: { crew: 1 } }, count: { exactly: 1 } },
    ],
  },
)
type Verification = Static<typeof Verification>

/** How many requests that come near an error names, and in how many places they differ. */
const MAX_NEAREST = 3
const MAX_DETAILS = 30

/** Adds the route that says whether something was asked. */
export function addVerify(app: FastifyInstance): void {
  app.addSchema(Verification)
  addRoute(app, {
    method: 'POST',
    url: `${REQUESTS}/verify`,
    guard: app.controls.guard,
    keepsData: true,
    schema: {
      operationId: 'verifyRequests',
      summary: 'Verify what was asked',
      description:
        'Whether as many requests came as there should have been. Where they did not, the error has those that came nearest, and what is different in them.',
      tags: ['control'],
      body: ref(Verification),
      response: {
        200: success('There are as many', RequestCount),
        409: failure(
          'There are more, or fewer',
          errors.notVerified('exactly 1', 0, [
            { in: 'body', path: '/crew', message: 'must be 1, is 2 in request 7, POST /api/ships' },
          ]),
        ),
      },
    },
    handler: async (request) => {
      const { match, count = {} } = request.body
      const looked = await look([...app.journalOf(request.world).list()], match)
      const matching = looked.filter(({ misses }) => misses.length === 0)
      if (isEnough(matching.length, count)) return { count: matching.length }
      const isTooMany =
        matching.length > (count.exactly ?? count.atMost ?? Number.POSITIVE_INFINITY)
      throw errors.notVerified(
        wordsFor(count),
        matching.length,
        isTooMany ? matching.slice(0, MAX_DETAILS).map(tooMany) : nearest(looked),
      )
    },
  })
}

/** A request, and where it isn't what was meant. */
interface Look {
  readonly exchange: Exchange
  readonly misses: readonly ProblemDetail[]
}

/** How many bodies are read at once before others have their turn. */
const TURN = 20

async function look(
  exchanges: readonly Exchange[],
  match: Verification['match'],
): Promise<readonly Look[]> {
  const { query, headers, body, ...criteria } = match
  const filters = Object.entries(criteria).map(([name, value]) => ({
    name,
    value,
    isMet: filter({ [name]: value }),
  }))
  const looked: Look[] = []
  for (const exchange of exchanges) {
    const elsewhere = filters
      .filter(({ isMet }) => !isMet(exchange))
      .map(
        ({ name, value }): ProblemDetail => ({
          in: 'path',
          path: '',
          message: `${name} must be ${value}`,
        }),
      )
    const wanted = {
      ...(query ? { query } : {}),
      ...(headers ? { headers } : {}),
      ...('body' in match ? { body } : {}),
    }
    looked.push({ exchange, misses: [...elsewhere, ...differences(exchange, wanted)] })
    if (looked.length % TURN === 0) await setImmediate()
  }
  return looked
}

function isEnough(
  found: number,
  { exactly, atLeast, atMost }: NonNullable<Verification['count']>,
): boolean {
  const isBounded = exactly !== undefined || atMost !== undefined
  const least = exactly ?? atLeast ?? (isBounded ? 0 : 1)
  return (
    found >= Math.max(least, atLeast ?? 0) && found <= Math.min(exactly ?? found, atMost ?? found)
  )
}

/** How many there should be, in English. */
function wordsFor({ exactly, atLeast, atMost }: NonNullable<Verification['count']>): string {
  const bounds = [
    ...(exactly === undefined ? [] : [`exactly ${exactly}`]),
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ]
  return bounds.length > 0 ? bounds.join(' and ') : 'at least 1'
}

/** What is different in the requests that come nearest: those with the fewest differences, the newest of them first. */
function nearest(looked: readonly Look[]): readonly ProblemDetail[] {
  return looked
    .filter(({ misses }) => misses.length > 0)
    .toSorted((one, other) => one.misses.length - other.misses.length)
    .slice(0, MAX_NEAREST)
    .flatMap(({ exchange, misses }) =>
      misses.slice(0, MAX_DETAILS / MAX_NEAREST).map(({ message, ...place }) => ({
        ...place,
        message: `${message} in ${nameOf(exchange)}`,
      })),
    )
}

function tooMany({ exchange }: Look): ProblemDetail {
  return { in: 'path', path: '', message: `matches in ${nameOf(exchange)}` }
}

function nameOf({ id, method, url, status }: Exchange): string {
  return `request ${id}, ${method} ${url}, answered with ${status ?? 'nothing'}`
}

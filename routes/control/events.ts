import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { errors } from '../../plugins/http/errors.js'
import { EVENT_STREAM, type EventStream } from '../../plugins/http/event-stream.js'
import type { Exchange } from '../../plugins/journal/exchange.js'
import { answered, failure } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import type { World } from '../../plugins/workspaces/world.js'
import { watchChanges } from './changes.js'
import { entryOf } from './requests.js'

/** What can be heard of a world. */
const TYPES = ['request', 'change', 'reset', 'drift'] as const
type EventType = (typeof TYPES)[number]

const EventsQuery = Type.Object(
  {
    type: Type.Optional(
      Type.String({
        pattern: `^(${TYPES.join('|')})(,(${TYPES.join('|')}))*$`,
        maxLength: 100,
        description: 'Which events, with commas between them; all without it',
        examples: ['request,change'],
      }),
    ),
  },
  { additionalProperties: false },
)

const Events = Type.Unsafe<NodeJS.ReadableStream>({
  type: 'string',
  contentMediaType: EVENT_STREAM,
  examples: [
    'event: change\ndata: {"collection":"ships","kind":"created","id":1,"record":{"id":1}}\n\n',
  ],
})

/** Adds the route that tells what happens in a world. */
export function addEvents(app: FastifyInstance): void {
  addRoute(app, {
    method: 'GET',
    url: `${CONTROL}/events`,
    guard: app.controls.guard,
    schema: {
      operationId: 'watchEvents',
      summary: 'Watch what happens',
      description:
        'Server-Sent Events: `request` with the entry of the journal, `change` with the record and what became of it, `reset` where all is another state, and `drift` with what has widened a shape. The stream ends with its workspace, and where changes could have been missed.',
      tags: ['control'],
      querystring: EventsQuery,
      response: {
        200: answered('Events, until the client leaves', Events, ['cache-control']),
        503: failure('Too many streams are open', errors.tooManyFeeds()),
      },
    },
    handler: async (request, reply) => {
      const { world } = request
      const types = new Set(request.query.type?.split(',') ?? TYPES)
      const isWanted = (type: EventType) => types.has(type)
      return app.eventStreams.send(
        reply,
        async () => {},
        (stream) => watch(app, world, stream, isWanted),
      )
    },
  })
}

/** @returns ends it */
function watch(
  app: FastifyInstance,
  world: World,
  stream: EventStream,
  isWanted: (type: EventType) => boolean,
): () => void {
  const tell = (type: EventType, data: unknown) => stream.tell(type, JSON.stringify(data))
  const { events } = world
  const ends: (() => void)[] = []
  const end = () => stream.end()
  events.once('end', end)
  ends.push(() => events.off('end', end))
  if (isWanted('request')) {
    const onRequest = (exchange: Exchange) => tell('request', entryOf(exchange))
    events.on('request', onRequest)
    ends.push(() => events.off('request', onRequest))
  }
  if (isWanted('reset')) {
    const onReset = () => tell('reset', { at: world.date() })
    events.on('reset', onReset)
    ends.push(() => events.off('reset', onReset))
  }
  if (isWanted('drift')) {
    const onDrift = (drifts: readonly unknown[]) => {
      for (const drift of drifts) tell('drift', drift)
    }
    events.on('drift', onDrift)
    ends.push(() => events.off('drift', onDrift))
  }
  if (isWanted('change')) {
    ends.push(watchChanges(app, world, (change) => tell('change', change), end))
  }
  world.store.watching().then(() => stream.begin())
  return () => {
    for (const each of ends) each()
  }
}

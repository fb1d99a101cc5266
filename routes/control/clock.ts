import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { milliseconds } from '../../config.js'
import { CONTROL } from '../../plugins/control.js'
import { errors } from '../../plugins/http/errors.js'
import { success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { LATEST, PerWorld, type World } from '../../plugins/workspaces/world.js'
import { ref } from '../../store/schema.js'

const UNMOVED = '+0s'

const Offset = Type.String({
  pattern: '^[+-](0|[1-9][0-9]{0,8})(s|m|h|d)$',
  description:
    'How far its time is ahead, or with a minus behind: `+20m`, `-1h`; `+0s` is not moved',
  examples: ['+20m'],
})

const Clock = Type.Object(
  {
    now: Type.String({ format: 'date-time', description: 'What time it is there' }),
    offset: Offset,
  },
  {
    $id: 'Clock',
    additionalProperties: false,
    examples: [{ now: '2026-01-05T08:20:00.000Z', offset: '+20m' }],
  },
)

const ClockInput = Type.Object(
  { offset: Offset },
  { $id: 'ClockInput', additionalProperties: false, examples: [{ offset: '+20m' }] },
)

/** Each world's offset, as it was written. */
const offsets = new PerWorld(() => UNMOVED)

/** Adds the routes that show and move the time of a world. */
export function addClock(app: FastifyInstance): void {
  for (const schema of [Clock, ClockInput]) app.addSchema(schema)
  const { guard } = app.controls
  const url = `${CONTROL}/clock`

  addRoute(app, {
    method: 'GET',
    url,
    guard,
    schema: {
      operationId: 'getClock',
      summary: 'What time is it?',
      description: 'In the world that is asked.',
      tags: ['control'],
      response: { 200: success('Its time', Clock) },
    },
    handler: async ({ world }) => shown(world),
  })

  addRoute(app, {
    method: 'PUT',
    url,
    guard,
    keepsData: true,
    schema: {
      operationId: 'setClock',
      summary: 'Move the time',
      description:
        'By which tokens expire, and of which the dates are that are made. A reset puts it back. No token lives longer than it would have by the real time.',
      tags: ['control'],
      body: ref(ClockInput),
      response: { 200: success('Its time from now on', Clock) },
    },
    handler: async ({ world, body: { offset } }) => {
      const moved = ahead(offset)
      const now = Date.now() + moved
      if (now < 0 || now > LATEST) throw errors.clockOutOfRange()
      world.offset = moved
      offsets.set(world, offset)
      return shown(world)
    },
  })
}

function shown(world: World): Static<typeof Clock> {
  return { now: world.date(), offset: offsets.of(world) }
}

/** An offset in milliseconds. */
function ahead(offset: string): number {
  const text = offset.slice(1)
  // Settings have no duration that is none, so that their reader knows none.
  const time = text.startsWith('0') ? 0 : milliseconds(text)
  return offset.startsWith('-') ? -time : time
}

import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { errors } from '../../plugins/http/errors.js'
import { linked, to } from '../../plugins/openapi/links.js'
import { empty, failure, list, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { PerWorld, type World, type WorldSnapshot } from '../../plugins/workspaces/world.js'
import { ref } from '../../store/schema.js'
import { nameLike } from './names.js'

/** How many a world may have: each keeps what has changed since, and its files. */
const MOST = 100

const Name = nameLike('logged-in')

const Snapshot = Type.Object(
  {
    name: Name,
    created: Type.String({ format: 'date-time', description: 'When it was taken' }),
  },
  {
    $id: 'Snapshot',
    additionalProperties: false,
    examples: [{ name: 'logged-in', created: '2026-01-05T08:00:00.000Z' }],
  },
)

const SnapshotInput = Type.Object(
  { name: Name },
  { $id: 'SnapshotInput', additionalProperties: false, examples: [{ name: 'logged-in' }] },
)

const Params = Type.Object({ name: Name })

interface Kept {
  readonly created: string
  readonly state: Promise<WorldSnapshot>
}

/** The snapshots of one world, by their names. */
class Snapshots {
  readonly #world: World
  readonly #kept = new Map<string, Kept>()

  constructor(world: World) {
    this.#world = world
    world.events.once('end', () => {
      for (const name of this.#kept.keys()) this.delete(name)
    })
  }

  /** @throws 409 where there is one of this name, or there are too many */
  async create(name: string): Promise<Static<typeof Snapshot>> {
    if (this.#kept.has(name)) throw errors.snapshotTaken(name)
    if (this.#kept.size >= MOST) throw errors.tooManySnapshots(MOST)
    const created = new Date().toISOString()
    const state = this.#world.snapshot()
    this.#kept.set(name, { created, state })
    await state
    return { name, created }
  }

  list(): readonly Static<typeof Snapshot>[] {
    return [...this.#kept].map(([name, { created }]) => ({ name, created }))
  }

  /** @throws 404 */
  async restore(name: string): Promise<void> {
    await this.#world.restore(await this.#find(name).state)
  }

  /** @throws 404 */
  async delete(name: string): Promise<void> {
    const { state } = this.#find(name)
    this.#kept.delete(name)
    await (await state).store.discard()
  }

  #find(name: string): Kept {
    const kept = this.#kept.get(name)
    if (!kept) throw errors.notThere('snapshot', name)
    return kept
  }
}

const snapshots = new PerWorld((world) => new Snapshots(world), { isLasting: true })

const notFound = failure('There is no such snapshot', errors.notThere('snapshot', 'logged-in'))

/** Adds the routes that keep states of a world aside, and put them back. */
export function addSnapshots(app: FastifyInstance): void {
  for (const schema of [Snapshot, SnapshotInput]) app.addSchema(schema)
  const { guard } = app.controls
  const url = `${CONTROL}/snapshots`
  const named = { parameters: { name: '$response.body#/name' } }

  addRoute(app, {
    method: 'GET',
    url,
    guard,
    schema: {
      operationId: 'listSnapshots',
      summary: 'List the snapshots',
      description: 'Of the world that is asked, in the order in which they were taken.',
      tags: ['control'],
      response: { 200: list('The snapshots', Snapshot) },
    },
    handler: async ({ world }) => snapshots.of(world).list(),
  })

  addRoute(app, {
    method: 'POST',
    url,
    guard,
    keepsData: true,
    schema: {
      operationId: 'createSnapshot',
      summary: 'Keep the state as it is now',
      description: `Records, files, tasks, revoked tokens and passwords, under a name. ${MOST} at most; a reset leaves them alone.`,
      tags: ['control'],
      body: ref(SnapshotInput),
      response: {
        201: linked(
          success('It is kept', Snapshot),
          to(['restoreSnapshot', 'deleteSnapshot'], named),
        ),
        409: failure(
          `There is one of this name, or there are ${MOST}`,
          errors.snapshotTaken('logged-in'),
        ),
      },
    },
    handler: async ({ world, body: { name } }, reply) =>
      reply.code(201).send(await snapshots.of(world).create(name)),
  })

  addRoute(app, {
    method: 'POST',
    url: `${url}/:name/restore`,
    guard,
    schema: {
      operationId: 'restoreSnapshot',
      summary: 'Put a state back',
      description:
        'In one step: a request beside it sees what was before, or what is after. The snapshot stays.',
      tags: ['control'],
      params: Params,
      response: { 204: empty('All is as it was then'), 404: notFound },
    },
    handler: async ({ world, params: { name } }, reply) => {
      await snapshots.of(world).restore(name)
      return reply.code(204).send(undefined)
    },
  })

  addRoute(app, {
    method: 'DELETE',
    url: `${url}/:name`,
    guard,
    keepsData: true,
    schema: {
      operationId: 'deleteSnapshot',
      summary: 'Forget a snapshot',
      description: 'The state that there is now stays as it is.',
      tags: ['control'],
      params: Params,
      response: { 204: empty('It is no more'), 404: notFound },
    },
    handler: async ({ world, params: { name } }, reply) => {
      await snapshots.of(world).delete(name)
      return reply.code(204).send(undefined)
    },
  })
}

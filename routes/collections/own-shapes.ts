import fp from 'fastify-plugin'
import { pathOf } from '../../plugins/http/methods.js'
import type { DocumentKeys } from '../../plugins/openapi/keys.js'
import { PerWorld, type World } from '../../plugins/workspaces/world.js'
import type { InferredPart } from '../../seed/infer.js'
import type { Widening } from '../../seed/place.js'
import type { Observation } from '../../store/own.js'
import type { Own, OwnCollection } from './collection.js'
import { NOTHING_KNOWN } from './known.js'
import type { Widened } from './live-shape.js'
import { Sharing } from './sharing.js'

/** What a write has made wider in the shape of a collection. */
export interface Drift extends Widening {
  readonly collection: string
  /** The method and the path of the request that did. */
  readonly request: string
  /** ISO 8601, UTC. */
  readonly at: string
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly ownShapes: OwnShapes
  }
}

declare module '../../plugins/workspaces/world.js' {
  interface WorldEvents {
    /** A write has made the shape of a collection wider. */
    readonly drift: [drifts: readonly Drift[]]
  }
}

/** How many are remembered; the oldest goes. */
const MAX_DRIFTS = 1_000

/** The shapes of the user's own collections in each world: what has become of them, and what else follows from that. */
export class OwnShapes {
  readonly #own: Own
  readonly #keys: DocumentKeys
  readonly #drifts = new PerWorld<readonly Drift[]>(() => [], { copy: (drifts) => drifts })

  /** @param share tells those who have the same store */
  constructor(
    own: Own,
    keys: DocumentKeys,
    share?: (widened: Widened, name: string, at: string) => Promise<void>,
  ) {
    this.#own = own
    this.#keys = keys
    for (const collection of own.collections) {
      collection.shape.onWidened(async (widened) => {
        const at = this.#widened(collection, widened)
        await share?.(widened, collection.name, at)
      })
    }
  }

  /** How the data of a world has left the shape that it began with: the newest first. */
  driftsOf(world: World): readonly Drift[] {
    return this.#drifts.of(world)
  }

  /**
   * Learns the shapes of a world anew, in the step in which it becomes another state.
   * @param parts the collections and single resources of that state; those that aren't there are empty
   */
  set(world: World, parts: readonly Pick<InferredPart, 'part' | 'shape'>[]): void {
    const byName = new Map(parts.map((each) => [each.part.name, each]))
    for (const { name, shape } of this.#own.collections) {
      const found = byName.get(name)
      const beginning = found && { shape: found.shape, first: found.part.records[0] }
      shape.begin(world, beginning ?? NOTHING_KNOWN)
    }
    this.#drifts.set(world, [])
    this.#keys.changed(world)
  }

  /** Learns what another process has written into the same store, or an earlier one. */
  learn(world: World, { collection, skeleton, request, at }: Observation): void {
    const shape = this.#own.collections.find(({ name }) => name === collection)?.shape
    const widenings = shape?.observe(world, [skeleton]) ?? []
    if (widenings.length === 0) return
    this.#keys.changed(world)
    if (!shape?.isGiven && request !== null) this.#drift(world, collection, widenings, request, at)
  }

  /**
   * Once a write has made a shape wider, the document follows, and it is told.
   * @returns when that was
   */
  #widened(collection: OwnCollection, { widenings, request }: Widened): string {
    const { method, log, world } = request
    const at = world.date()
    this.#keys.changed(world)
    // A schema that is given says what a record is, whatever comes.
    if (collection.shape.isGiven) return at
    const asked = `${method} ${pathOf(request)}`
    for (const { path, change } of widenings) {
      log.info(
        { collection: collection.name, field: path, change, request: asked },
        'the shape has widened',
      )
    }
    this.#drift(world, collection.name, widenings, asked, at)
    return at
  }

  #drift(
    world: World,
    collection: string,
    widenings: readonly Widening[],
    request: string,
    at: string,
  ): void {
    const drifts = widenings.map((each) => ({ collection, ...each, request, at }))
    const before = this.#drifts.of(world)
    this.#drifts.set(world, [...drifts.toReversed(), ...before].slice(0, MAX_DRIFTS))
    world.events.emit('drift', drifts)
  }
}

export default fp<{ readonly own: Own }>(
  async (app, { own }) => {
    const { observations } = app
    if (!observations) {
      app.decorate('ownShapes', new OwnShapes(own, app.documentKeys))
      return
    }
    const sharing = new Sharing(observations, app.log)
    const shapes = new OwnShapes(own, app.documentKeys, (...widened) => sharing.share(...widened))
    app.decorate('ownShapes', shapes)
    const world = app.worlds.own
    const learnAll = async () => {
      for await (const batch of observations.stream()) {
        for (const each of batch) shapes.learn(world, each)
      }
    }
    const unwatch = observations.watch(
      ({ record }) => shapes.learn(world, record),
      () => learnAll().catch((error) => app.log.error(error)),
    )
    app.addHook('onClose', async () => unwatch())
    app.addHook('onReady', async () => {
      // Once it is watched, so that nothing falls in between.
      await app.store.watching()
      await learnAll()
    })
  },
  { name: 'own-shapes', dependencies: ['openapi'] },
)

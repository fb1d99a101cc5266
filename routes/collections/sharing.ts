import type { FastifyBaseLogger } from 'fastify'
import { pathOf } from '../../plugins/http/methods.js'
import { observationOf } from '../../seed/own-observations.js'
import type { Collection, NewRecord } from '../../store/engine.js'
import type { Observation } from '../../store/own.js'
import type { Widened } from './live-shape.js'

/** Tells the other processes that have the same store what has widened a shape: they hear of it as of any other record. */
export class Sharing {
  readonly #observations: Collection<Observation>
  readonly #log: FastifyBaseLogger
  /** What could not be told. The records that it is of are there, so it must not be lost. */
  #untold: NewRecord<Observation>[] = []

  constructor(observations: Collection<Observation>, log: FastifyBaseLogger) {
    this.#observations = observations
    this.#log = log
  }

  /** @param at when that was: ISO 8601, UTC */
  async share({ records, request }: Widened, collection: string, at: string): Promise<void> {
    const asked = `${request.method} ${pathOf(request)}`
    const all = records.map((each) => observationOf(collection, each, asked, at))
    const unlike = new Map(all.map((each) => [JSON.stringify(each.skeleton), each]))
    const news = [...this.#untold, ...unlike.values()]
    this.#untold = []
    try {
      await this.#observations.insertMany(news)
    } catch (error) {
      this.#log.error(error)
      this.#untold = [...news, ...this.#untold]
    }
  }
}

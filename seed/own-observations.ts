import type { Collection } from '../store/engine.js'
import type { FreeForm } from '../store/free-form.js'
import type { Observation } from '../store/own.js'
import { Turns } from '../store/turns.js'
import type { OwnSource } from './own-fill.js'
import { Shape } from './shape.js'
import { skeletonOf } from './skeleton.js'

/** Keeps what the records of a data file have, for processes that start with another one later. */
export async function fillObservations(
  observations: Collection<Observation>,
  own: readonly OwnSource[],
): Promise<void> {
  const at = new Date().toISOString()
  const turns = new Turns()
  for (const { part } of own) {
    const shape = new Shape()
    for (const record of part.records) {
      if (turns.isOver) await turns.next()
      if (shape.fits(record)) continue
      shape.observe(record)
      await observations.insert(observationOf(part.name, record, null, at))
    }
  }
}

/** What is kept of a record that has something new about it. */
export function observationOf(
  collection: string,
  record: FreeForm,
  request: string | null,
  at: string,
) {
  return { collection, skeleton: skeletonOf(record), request, at }
}

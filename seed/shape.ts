import { type TSchema, Type } from '@sinclair/typebox'
import type { FreeForm } from '../store/free-form.js'
import { MAX_PLACES, Place, type PlaceInfo, type Widening } from './place.js'

export type { TypeName } from './json-type.js'
export type { PlaceInfo, Widening } from './place.js'

/**
 * What is known of the records of one collection, learnt from them. It only ever widens: what it has seen fits. That what comes later is
 * still refused nothing, fields that it doesn't know included, makes it a description rather than a rule.
 */
export class Shape {
  #record = new Place(undefined, '', { left: MAX_PLACES })

  constructor() {
    this.#record.types = new Set(['object'])
  }

  /** The shape of some records. */
  static of(records: Iterable<FreeForm>): Shape {
    const shape = new Shape()
    for (const record of records) shape.observe(record)
    return shape
  }

  /**
   * Learns what a record has.
   * @param record as JSON has it; it isn't kept
   * @returns what that has widened; nothing when the record fitted
   */
  observe(record: FreeForm): readonly Widening[] {
    const widenings: Widening[] = []
    this.#record.observe(record, widenings)
    return widenings
  }

  /** Whether there is nothing new about a record: to observe it would widen nothing. */
  fits(record: FreeForm): boolean {
    return this.#record.fits(record)
  }

  /** Another one with the same shape. What either learns from then on the other doesn't know. */
  copy(): Shape {
    const copy = new Shape()
    copy.#record = this.#record.copyTo(undefined, { left: MAX_PLACES })
    return copy
  }

  /** Whether records can have such a field, as far as anybody knows. An index, or `*`, leads into an array. */
  has(path: readonly string[]): boolean {
    return this.#record.find(path) !== undefined
  }

  /** What there is at a place; undefined where nothing is, or nothing is known. */
  typesAt(path: readonly string[]): PlaceInfo | undefined {
    const place = this.#record.find(path)
    return place instanceof Place ? place.info() : undefined
  }

  /**
   * A schema (JSON Schema 2020-12) that every record fits which was seen. It says of each object that it takes other fields
   * too. The names that every object has in JavaScript, such as `constructor`, aren't in it: validators find them everywhere.
   */
  toSchema(): TSchema {
    return Type.Unsafe<FreeForm>(this.#record.toSchema())
  }
}

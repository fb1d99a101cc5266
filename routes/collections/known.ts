import type { FindFaults } from '../../seed/given-schema.js'
import type { Widening } from '../../seed/place.js'
import { Shape } from '../../seed/shape.js'
import type { FreeForm } from '../../store/free-form.js'

/** What a write is held to: a new record, all that one has become, or a part of one, whose fields may be absent. */
export type Extent = 'whole' | 'become' | 'part'

/** What was known of the records of a collection to begin with: at the start, or when a state was put in. */
export interface Beginning {
  readonly shape: Shape
  /** The first record, as an example. */
  readonly first: FreeForm | undefined
}

/**
 * What is known of the records of a collection, in one world. All worlds have the same, until a write makes the shape wider in one of
 * them: that one then has another, with a copy.
 */
export class Known {
  readonly beginning: Beginning
  readonly seen: Shape
  /** What finds the faults of a write, where the shape is frozen: by what was known to begin with. */
  readonly finders: Map<Extent, FindFaults>
  /** Whether another world has it, or a snapshot. */
  #isShared: boolean

  private constructor(
    beginning: Beginning,
    seen: Shape,
    finders: Map<Extent, FindFaults>,
    isShared: boolean,
  ) {
    this.beginning = beginning
    this.seen = seen
    this.finders = finders
    this.#isShared = isShared
  }

  static of(beginning: Beginning): Known {
    return new Known(beginning, beginning.shape, new Map(), true)
  }

  /** What a snapshot has of it, which nobody changes from now on. */
  share(): Known {
    this.#isShared = true
    return this
  }

  /**
   * Learns what some records have.
   * @returns what is known then, another one where that is more; and what has become wider
   */
  learn(records: readonly FreeForm[]): {
    readonly known: Known
    readonly widenings: readonly Widening[]
  } {
    const isShared = this.#isShared
    if (isShared && records.every((record) => this.seen.fits(record))) {
      return { known: this, widenings: [] }
    }
    const seen = isShared ? this.seen.copy() : this.seen
    const widenings = records.flatMap((record) => seen.observe(record))
    if (!isShared && widenings.length === 0) return { known: this, widenings }
    return { known: new Known(this.beginning, seen, this.finders, false), widenings }
  }
}

/** What is known of a collection that has no records. */
export const NOTHING_KNOWN: Beginning = { shape: new Shape(), first: undefined }

import { keyOfPath } from '../paths.js'
import type { Row } from '../predicate.js'
import type { PointerPlan } from './schema.js'
import type { SortedList } from './sorted-list.js'
import { TextLists } from './text-lists.js'

/** Which records name what by each of a collection's pointers. */
export class Pointers {
  readonly #plans: readonly PointerPlan[]
  /** By the place of the pointer; none where no record has ever had anything there, as in most of many pointers. */
  readonly #lists: (TextLists | undefined)[]

  constructor(plans: readonly PointerPlan[], lists: readonly (TextLists | undefined)[] = []) {
    this.#plans = plans
    this.#lists = [...lists]
  }

  copy(): Pointers {
    return new Pointers(
      this.#plans,
      this.#lists.map((lists) => lists?.copy()),
    )
  }

  /** The records that name something by a pointer. */
  get(at: number, text: string): SortedList<Row> | undefined {
    return this.#lists[at]?.get(text)
  }

  /** The place of the pointer with a path; undefined where there is none. */
  find(path: string): number | undefined {
    return this.#plans.find((plan) => keyOfPath(plan.path) === path)?.at
  }

  put(row: Row, old?: Row): void {
    for (const { at, textIn } of this.#plans) {
      const text = textIn(row)
      if (!old && text === undefined) continue
      this.#change(at, old && textIn(old), old ?? row, text, row)
    }
  }

  remove(row: Row): void {
    for (const { at, textIn } of this.#plans) this.#change(at, textIn(row), row, undefined, row)
  }

  #change(
    at: number,
    before: string | undefined,
    old: Row,
    after: string | undefined,
    row: Row,
  ): void {
    if (before === undefined && after === undefined) return
    this.#lists[at] ??= new TextLists()
    this.#lists[at].change(before, old, after, row)
  }
}

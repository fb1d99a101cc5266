import type { Fields } from '../access.js'
import type { Page, Reader } from '../engine.js'
import type { Row } from '../predicate.js'
import { narrowed, type Query, type Selection } from '../query.js'

/** Reads the records whose reference leads to one record. */
export class Referring implements Reader<Row> {
  readonly #records: Reader<Row>
  readonly #reference: string
  readonly #id: number

  /** @param id of the record that they refer to */
  constructor(records: Reader<Row>, reference: string, id: number) {
    this.#records = records
    this.#reference = reference
    this.#id = id
  }

  async get(id: number): Promise<Row | undefined> {
    const row = await this.#records.get(id)
    return row?.[this.#reference] === this.#id ? row : undefined
  }

  async getBy(key: Fields, ...others: readonly Fields[]): Promise<Row | undefined> {
    const whole = (each: Fields) => ({ ...each, ...this.#refers })
    return this.#records.getBy(whole(key), ...others.map(whole))
  }

  async find(query: Query): Promise<Page<Row>> {
    return this.#records.find(narrowed(query, this.#refers))
  }

  stream(selection: Selection = {}): AsyncIterable<readonly Row[]> {
    return this.#records.stream(narrowed(selection, this.#refers))
  }

  /** What each of them has. */
  get #refers(): Readonly<Record<string, number>> {
    return { [this.#reference]: this.#id }
  }
}

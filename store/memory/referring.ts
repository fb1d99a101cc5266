import type { Fields } from '../access.js'
import type { Page, Reader } from '../engine.js'
import type { Row } from '../predicate.js'
import { equal, type Predicate, type Query, type Selection } from '../query.js'

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
    const whole = (each: Fields) => ({ ...each, [this.#reference]: this.#id })
    return this.#records.getBy(whole(key), ...others.map(whole))
  }

  async find(query: Query): Promise<Page<Row>> {
    return this.#records.find({ ...query, where: this.#where(query) })
  }

  stream(selection: Selection = {}): AsyncIterable<readonly Row[]> {
    return this.#records.stream({ ...selection, where: this.#where(selection) })
  }

  #where({ where }: Selection): Predicate {
    const refers = equal({ [this.#reference]: this.#id })
    return where ? { and: [refers, where] } : refers
  }
}

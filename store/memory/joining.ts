import type { Joined, Page, Reader } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Query, Selection } from '../query.js'

/** Reads records with what a reference of theirs leads to. */
export class Joining implements Reader<Row, Joined<Row, Row>> {
  readonly #records: Reader<Row>
  readonly #join: (record: Row) => Joined<Row, Row>

  /** @param targetOf gives what a record's reference leads to */
  constructor(records: Reader<Row>, targetOf: (record: Row) => Row | undefined) {
    this.#records = records
    this.#join = (record) => ({ record, target: targetOf(record) })
  }

  async get(id: number): Promise<Joined<Row, Row> | undefined> {
    const record = await this.#records.get(id)
    return record && this.#join(record)
  }

  async getBy(...keys: Parameters<Reader<Row>['getBy']>): Promise<Joined<Row, Row> | undefined> {
    const record = await this.#records.getBy(...keys)
    return record && this.#join(record)
  }

  async find(query: Query): Promise<Page<Joined<Row, Row>>> {
    const { items, total } = await this.#records.find(query)
    return { items: items.map(this.#join), total }
  }

  async *stream(selection?: Selection): AsyncIterable<readonly Joined<Row, Row>[]> {
    for await (const batch of this.#records.stream(selection)) yield batch.map(this.#join)
  }
}

import pg, { type Connection, type FieldDef } from 'pg'
import type { DatabaseRow, Result, Statement } from './database.js'
import { type Reader, readerOf, written } from './values.js'

declare module 'pg' {
  /** What the driver has of a statement, beside what its types say. */
  interface Query {
    /** Sends all of it, with the question what columns there are. */
    prepare(connection: Connection): void
    hasBeenParsed(connection: Connection): boolean
  }
}

/** The columns of a statement's rows, and how each is read. */
export class Columns {
  #all: readonly { readonly name: string; readonly read: Reader }[] = []
  /** What a row begins as, so that all are of one shape. */
  #empty: DatabaseRow | undefined

  get areKnown(): boolean {
    return this.#empty !== undefined
  }

  learn(fields: readonly FieldDef[]): void {
    this.#all = fields.map(({ name, dataTypeID }) => ({ name, read: readerOf(dataTypeID) }))
    this.#empty = Object.fromEntries(fields.map(({ name }) => [name, null]))
  }

  rowOf(texts: readonly (string | null)[]): DatabaseRow {
    const row: Record<string, unknown> = { ...this.#empty }
    this.#all.forEach(({ name, read }, at) => {
      const text = texts[at] ?? null
      if (text !== null) row[name] = read(text)
    })
    return row
  }
}

/** Hears of what a statement has come to, or of what was wrong. */
type Hear = (error: unknown, result?: Result) => void

/**
 * A statement on its way. The driver's own asks what columns there are each time, and makes what reads them anew, which takes as long
 * as all the rest of it: of what is prepared they stay as they were in the first answer.
 */
export class Asking extends pg.Query {
  readonly name: string | undefined
  readonly query_timeout: number | undefined
  /** The driver puts another in its place, which minds the time. */
  callback: Hear
  readonly #values: (Buffer | string | null)[] | undefined
  readonly #columns: Columns
  readonly #found: DatabaseRow[] = []
  #count = 0
  #fault: unknown

  constructor({ name, text, values, timeout, columns = new Columns() }: Statement, hear: Hear) {
    const all = values?.map(written)
    super(text, all)
    this.name = name
    this.query_timeout = timeout
    this.callback = hear
    this.#values = all
    this.#columns = columns
  }

  override prepare(connection: Connection): void {
    if (!this.#columns.areKnown || !this.hasBeenParsed(connection)) {
      super.prepare(connection)
      return
    }
    connection.bind({ statement: this.name, values: this.#values }, true)
    connection.execute(null, true)
    connection.sync()
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#columns.learn(fields)
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    try {
      this.#found.push(this.#columns.rowOf(fields))
    } catch (error) {
      // Thrown here it would end the process.
      this.#fault = error
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    // As in INSERT 0 1, or BEGIN.
    this.#count = Number(/\d+$/.exec(text)?.[0] ?? 0)
  }

  handleReadyForQuery(): void {
    if (this.#fault) this.callback(this.#fault)
    else this.callback(undefined, { rows: this.#found, count: this.#count })
  }
}

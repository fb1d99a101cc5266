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

/** What a row can have several of, each an object of its own: a column named `record/id` is a field of one. */
const IN_PART = /^(record|target)\/(.*)$/

/** A column: where it is among all, and how it is read. */
interface Column {
  readonly name: string
  readonly at: number
  readonly read: Reader
}

/** The columns of a statement's rows, and how each is read. */
export class Columns {
  #own: Part | undefined
  #parts: readonly (readonly [string, Part])[] = []

  get areKnown(): boolean {
    return this.#own !== undefined
  }

  learn(fields: readonly FieldDef[]): void {
    const own: Column[] = []
    const parts = new Map<string, Column[]>()
    for (const [at, field] of fields.entries()) {
      const [, part, name = field.name] = IN_PART.exec(field.name) ?? []
      const columns = part === undefined ? own : (parts.get(part) ?? [])
      columns.push({ name, at, read: readerOf(field.dataTypeID) })
      if (part !== undefined) parts.set(part, columns)
    }
    this.#own = new Part(own)
    this.#parts = [...parts].map(([name, columns]) => [name, new Part(columns)])
  }

  rowOf(texts: readonly (string | null)[]): DatabaseRow {
    const row = this.#own?.read(texts) ?? {}
    for (const [name, part] of this.#parts) row[name] = part.read(texts)
    return row
  }
}

/** An object that some columns make. */
class Part {
  readonly #columns: readonly Column[]
  /** What each begins as, so that all are of one shape. */
  readonly #empty: DatabaseRow

  constructor(columns: readonly Column[]) {
    this.#columns = columns
    this.#empty = Object.fromEntries(columns.map(({ name }) => [name, null]))
  }

  read(texts: readonly (string | null)[]): Record<string, unknown> {
    const values: Record<string, unknown> = { ...this.#empty }
    for (const { name, at, read } of this.#columns) {
      const text = texts[at] ?? null
      if (text !== null) values[name] = read(text)
    }
    return values
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

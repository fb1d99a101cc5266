import type { Database, Statement } from './database.js'

/** How many of a table's statements are kept prepared: whoever asks in ever other ways fills no memory. */
export const MOST_PREPARED = 64

/** The statements that a table is asked with: those of the first shapes are prepared, and so read and planned once. */
export class Statements {
  readonly #database: Database
  readonly #prepared = new Map<string, Statement>()

  constructor(database: Database) {
    this.#database = database
  }

  of(text: string, values: readonly unknown[]): Statement {
    let statement = this.#prepared.get(text)
    if (!statement && this.#prepared.size < MOST_PREPARED) {
      statement = this.#database.prepared(text)
      this.#prepared.set(text, statement)
    }
    return { ...(statement ?? { text }), values }
  }
}

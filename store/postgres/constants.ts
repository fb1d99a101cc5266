import type { Database, Statement } from './database.js'

/** Texts that all who use a schema have the same, from the first who asks for one on. */
export class Constants {
  readonly #database: Database
  readonly #find: Statement
  readonly #make: Statement

  constructor(database: Database) {
    const settings = database.qualified('settings')
    this.#database = database
    this.#find = { text: `select value from ${settings} where name = $1` }
    this.#make = {
      text: `insert into ${settings} (name, value) values ($1, $2) on conflict do nothing`,
    }
  }

  /** @returns undefined where there is none of this name */
  async find(name: string): Promise<string | undefined> {
    const { rows } = await this.#database.query({ ...this.#find, values: [name] })
    return rows[0] && String(rows[0].value)
  }

  /** @param make gives it, where there is none of this name yet */
  async get(name: string, make: () => string): Promise<string> {
    const found = await this.find(name)
    if (found !== undefined) return found
    await this.#database.query({ ...this.#make, values: [name, make()] })
    // Another can have been quicker.
    return this.get(name, make)
  }
}

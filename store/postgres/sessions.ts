import { ACCOUNTS, type Sessions } from '../engine.js'
import type { Row } from '../predicate.js'
import type { Database, Statement } from './database.js'
import { recordOf } from './reading.js'
import type { Table } from './table.js'

/** How much longer than it is good a token is remembered, in milliseconds: clocks differ. */
const MARGIN = 3_600_000

/** How many tokens that are over are forgotten when another is revoked. */
const MOST_FORGOTTEN = 100

/** Who is logged in, with the tokens that were revoked before their time by any process. */
export class PostgresSessions implements Sessions<Row> {
  readonly #database: Database
  readonly #find: Statement | undefined
  readonly #revoke: Statement

  constructor(database: Database, tables: ReadonlyMap<string, Table>) {
    this.#database = database
    const revoked = database.qualified('revoked_tokens')
    const accounts = tables.get(ACCOUNTS)
    if (accounts) {
      const { all, sql } = accounts
      this.#find = database.prepared(
        `select ${all} from ${sql} where id = $2::bigint
          and not exists (select from ${revoked} where jti = $1::text)`,
      )
    }
    this.#revoke = database.prepared(
      `with over as (
        select jti from ${revoked} where until < $3::double precision limit ${MOST_FORGOTTEN} for update skip locked
      ), forgotten as (delete from ${revoked} token using over where token.jti = over.jti)
      insert into ${revoked} values ($1::text, $2::double precision) on conflict do nothing`,
    )
  }

  async find(jti: string, userId: number): Promise<Row | undefined> {
    if (!this.#find || !Number.isSafeInteger(userId)) return undefined
    const { rows } = await this.#database.query({ ...this.#find, values: [jti, userId] })
    return rows[0] && recordOf(rows[0])
  }

  async revoke(jti: string, until: number): Promise<void> {
    const now = Date.now()
    if (until <= now) return
    await this.#database.query({ ...this.#revoke, values: [jti, until, now - MARGIN] })
  }
}

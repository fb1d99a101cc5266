import { ACCOUNTS, type Sessions } from '../engine.js'
import { NoRoom } from '../errors.js'
import type { Row } from '../predicate.js'
import { type Database, literal, type Statement } from './database.js'
import { recordOf } from './projection.js'
import type { Table } from './table.js'
import { statementTriggers } from './triggers.js'

/** How much longer than it is good a token is remembered, in milliseconds: clocks differ. */
const MARGIN = 3_600_000

/** How many tokens that are over are forgotten when another is revoked. */
const MOST_FORGOTTEN = 100

/** The table's name, and what its rows are counted as. */
const REVOKED = 'revoked_tokens'

/** What is kept of tokens: a migration's part. */
export function tokenTables(database: Database): readonly string[] {
  const call = `${database.qualified('count_records')}(${literal(REVOKED)})`
  return [
    `create table ${REVOKED} (jti text primary key, until double precision not null)`,
    `create index on ${REVOKED} (until)`,
    statementTriggers('totals', REVOKED, call, ['insert', 'delete']),
  ]
}

/** Who is logged in, with the tokens that were revoked before their time by any process. */
export class PostgresSessions implements Sessions<Row> {
  readonly #database: Database
  readonly #find: Statement | undefined
  readonly #revoke: Statement
  readonly #limit: number

  /** @param limit how many revoked tokens are remembered */
  constructor(database: Database, tables: ReadonlyMap<string, Table>, limit: number) {
    this.#database = database
    this.#limit = limit
    const revoked = database.qualified(REVOKED)
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
      ), forgotten as (
        delete from ${revoked} token using over where token.jti = over.jti returning true
      ), room as (
        select coalesce(sum(change), 0) - (select count(*) from forgotten) < $4::double precision as is_left
        from ${database.qualified('totals')} where collection = ${literal(REVOKED)}
      ), added as (
        insert into ${revoked} select $1::text, $2::double precision from room where is_left
        on conflict do nothing
      )
      select is_left or exists (select from ${revoked} where jti = $1::text) as is_revoked from room`,
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
    const values = [jti, until, now - MARGIN, this.#limit]
    const { rows } = await this.#database.query({ ...this.#revoke, values })
    if (rows[0]?.is_revoked !== true) throw new NoRoom(ACCOUNTS, 'tokens')
  }
}

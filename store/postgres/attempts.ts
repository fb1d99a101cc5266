import { type Attempt, type Attempts, digestOf, type Failures, WINDOW } from '../attempts.js'
import type { User } from '../collections.js'
import { ACCOUNTS } from '../engine.js'
import { normalName } from '../names.js'
import type { Row } from '../predicate.js'
import type { Database, DatabaseRow, Statement } from './database.js'
import { isRecord } from './projection.js'
import type { Table } from './table.js'

/** How long it is known who has logged in from where, in days. */
const KNOWN = 90

/** How many that are over are forgotten with each that is added. */
const MOST_FORGOTTEN = 100

/** What is known of logins, by a digest of name and address, so that neither is told: a migration's part. */
export const ATTEMPT_TABLES = `
create table login_attempts (
  name bytea primary key,
  failures integer not null default 0,
  ends timestamptz not null default now(),
  known text,
  known_at timestamptz
);
create index on login_attempts (ends) where known is null;
create index on login_attempts (known_at) where known is not null;
`

/** What is said of a row, in SQL. */
const COLUMNS = `case when attempt.ends > now() then attempt.failures else 0 end as "attempt/failures",
  extract(epoch from attempt.ends - now())::double precision * 1000 as "attempt/remaining",
  attempt.known as "attempt/known"`

/** The logins to a database, by whichever process. One look finds the account too. */
export class PostgresAttempts implements Attempts {
  readonly #database: Database
  readonly #of: Statement
  readonly #addFailure: Statement
  readonly #addSuccess: Statement

  constructor(database: Database, tables: ReadonlyMap<string, Table>) {
    const accounts = tables.get(ACCOUNTS)
    if (!accounts) throw new Error(`There is no collection ${ACCOUNTS}`)
    const attempts = database.qualified('login_attempts')
    /** The digest of a name, in SQL, with the address's as the first value: all of those are of one length. */
    const digest = (name: string) => `${database.qualified('digest_of')}($1::text || ${name})`
    this.#database = database
    this.#of = database.prepared(
      `select account.*, ${COLUMNS} from (values (0)) one(n)
       left join (select ${accounts.allAs('record')} from ${accounts.sql}
         where username = $2::text or name = $3::text order by username = $2::text desc limit 1) account on true
       left join ${attempts} attempt on attempt.name = ${digest(`coalesce("record/username", $3::text)`)}`,
    )
    this.#addFailure = database.prepared(
      `with over as (
         select name from ${attempts} where name <> ${digest('$2::text')} and
           ((known is null and ends < now()) or known_at < now() - interval '${KNOWN} days')
         limit ${MOST_FORGOTTEN} for update skip locked
       ), forgotten as (delete from ${attempts} attempt using over where attempt.name = over.name)
       insert into ${attempts} as attempt (name, failures, ends)
       values (${digest('$2::text')}, 1, now() + ${WINDOW} * interval '1 millisecond')
       on conflict (name) do update set
         failures = case when attempt.ends > now() then attempt.failures + 1 else 1 end,
         ends = case when attempt.ends > now() then attempt.ends else excluded.ends end
       returning ${COLUMNS}`,
    )
    const isRefused = 'attempt.ends > now() and attempt.failures >= $4::double precision'
    this.#addSuccess = database.prepared(
      `insert into ${attempts} as attempt (name, known, known_at) values (${digest('$2::text')}, $3::text, now())
       on conflict (name) do update set
         known = case when ${isRefused} then attempt.known else excluded.known end,
         known_at = case when ${isRefused} then attempt.known_at else excluded.known_at end
       returning ${COLUMNS}`,
    )
  }

  async of(username: string, address: string): Promise<Attempt> {
    const values = [digestOf(address), username, normalName(username)]
    const { rows } = await this.#database.query({ ...this.#of, values })
    const [row] = rows
    return attemptIn(row, isUser(row?.record) ? row.record : undefined)
  }

  async addFailure(name: string, address: string): Promise<Failures> {
    const values = [digestOf(address), name]
    const { rows } = await this.#database.query({ ...this.#addFailure, values })
    return failuresIn(rows[0])
  }

  async addSuccess(user: User, address: string, limit: number): Promise<Attempt> {
    const values = [digestOf(address), user.username, user.publicId, limit]
    const { rows } = await this.#database.query({ ...this.#addSuccess, values })
    return attemptIn(rows[0], user)
  }
}

function failuresIn(row: DatabaseRow = {}): Failures {
  return {
    failures: Number(row['attempt/failures'] ?? 0),
    remaining: Number(row['attempt/remaining'] ?? 0),
  }
}

function attemptIn(row: DatabaseRow = {}, user: User | undefined): Attempt {
  const isKnown = user !== undefined && user.publicId === row['attempt/known']
  return { user, ...failuresIn(row), isKnown }
}

/** Whether there was an account in the row. */
function isUser(account: unknown): account is Row & User {
  return isRecord(account)
}

import { createHash, randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import pg, { type Client, type Pool, type PoolClient } from 'pg'
import { Unavailable } from '../errors.js'
import { Asking, Columns } from './asking.js'
import { Channel } from './channel.js'
import { isFull, isOutage } from './failures.js'
import { retried } from './retried.js'
import { noteHeard } from './silence.js'
import { writtenText } from './values.js'

/** One statement in SQL. */
export interface Statement {
  /** What it is prepared as, so that the database reads and plans it once for each connection; not prepared without it. */
  readonly name?: string | undefined
  readonly text: string
  /** Texts can have any character in them. */
  readonly values?: readonly unknown[]
  /** How long it is waited for, in milliseconds, where it may take longer than others. */
  readonly timeout?: number
  /** What its rows are made of: of what is prepared the same each time. */
  readonly columns?: Columns
}

/** A row as it comes: the columns under their names. */
export interface DatabaseRow {
  readonly [column: string]: unknown
}

export interface Result {
  readonly rows: readonly DatabaseRow[]
  /** How many rows were found, or written. */
  readonly count: number
}

/** What answers statements, one after the other. */
export interface Connection {
  /** @throws Unavailable, or the database's own error */
  query(statement: Statement): Promise<Result>
}

/** Statements that are done all or none. */
export interface Transaction extends Connection {
  /** Runs the last statement, and ends the transaction with it, in one round trip. */
  end(statement: Statement): Promise<Result>
}

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string
  /** The schema that everything is in. */
  readonly schema?: string
  /** How many connections there are at most. */
  readonly connections?: number | undefined
  /** Hears of connections that break while nobody uses them. */
  readonly onFault?: ((error: unknown) => void) | undefined
  /** What carries a connection; TCP, or what the URL says, without it. */
  readonly carrier?: (() => Duplex) | undefined
}

/** All in milliseconds. */
const CONNECTION_TIMEOUT = 2_000
const STATEMENT_TIMEOUT = 5_000
const TRANSACTION_TIMEOUT = 5_000

/** Above the statement's: whoever's packets are dropped hears of no timeout. In milliseconds. */
const DEADLINE = 6_000

/** How long a connection that nobody uses is kept, in milliseconds. */
const IDLE_TIMEOUT = 60_000

/** Whatever a cursor is for, it is read to its end: the way to the first rows is not to be the shortest one. */
const SETTINGS = {
  text: `select set_config(name, value, false) from (values
    ('statement_timeout', '${STATEMENT_TIMEOUT}'),
    ('idle_in_transaction_session_timeout', '${TRANSACTION_TIMEOUT}'),
    ('cursor_tuple_fraction', '1'),
    ('timezone', 'UTC')) settings(name, value)`,
  // It is a part of connecting.
  query_timeout: CONNECTION_TIMEOUT,
}

/** A PostgreSQL database, with the connections to it: it is never lost for good, and tells of each failure as `Unavailable`. */
export class Database implements Connection {
  readonly schema: string
  readonly #pool: Pool
  readonly #newClient: () => Client
  /** The connections of the pool. */
  readonly #clients = new Set<PoolClient>()
  /** Names the statements of this one: what carries connections may have others' too. */
  readonly #prefix = randomBytes(6).toString('base64url')

  /** Connects when the first statement comes. */
  static open(options: DatabaseOptions): Database {
    const { url, schema = 'slipway', connections = 10, onFault = () => {}, carrier } = options
    const config = {
      connectionString: url,
      connectionTimeoutMillis: CONNECTION_TIMEOUT,
      query_timeout: DEADLINE,
      keepAlive: true,
      pipeline: true,
      application_name: `slipway ${schema}`,
      ...(carrier && { stream: carrier }),
    }
    const pool = new pg.Pool({
      ...config,
      max: connections,
      min: 1,
      idleTimeoutMillis: IDLE_TIMEOUT,
      onConnect: (client) => client.query(SETTINGS),
    })
    // Without a listener it would end the process.
    pool.on('error', onFault)
    return new Database(schema, pool, () => new pg.Client(config))
  }

  private constructor(schema: string, pool: Pool, newClient: () => Client) {
    this.schema = schema
    this.#pool = pool
    this.#newClient = newClient
    pool.on('connect', (client) => {
      // As would this.
      client.on('error', () => {})
      this.#clients.add(client)
      client.on('end', () => this.#clients.delete(client))
    })
  }

  /** How a statement names something of the schema: always whole, since a connection may be lent to others. */
  qualified(name: string): string {
    return `${quoted(this.schema)}.${quoted(name)}`
  }

  /** A statement that is used again and again, with other values: `{ ...statement, values }`. */
  prepared(text: string): Statement & { readonly name: string } {
    const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22)
    return { name: `${this.#prefix}/${digest}`, text, columns: new Columns() }
  }

  /** One statement by itself, in one round trip. It is tried again where it was in another's way. */
  query(statement: Statement): Promise<Result> {
    return retried(() => this.#ask(statement))
  }

  /** In one promise: one for each thing that is waited for would take longer than the driver does. */
  #ask(statement: Statement): Promise<Result> {
    return new Promise((resolve, reject) => {
      let release: PoolClient['release'] = () => {}
      const asking = new Asking(statement, (error, result) => {
        const failure = result ? undefined : failureOf(error)
        release(failure instanceof Unavailable)
        if (result) resolve(result)
        else reject(failure)
      })
      this.#pool.connect((fault, client, done) => {
        if (!client) return reject(new Unavailable(fault))
        release = done
        client.query(asking)
      })
    })
  }

  /** Some statements, all or none, in one round trip: none depends on what another has found. */
  batch(statements: readonly Statement[]): Promise<readonly Result[]> {
    return this.#withClient(async (client) => {
      const sent = [BEGIN, ...statements, COMMIT].map((each, at) =>
        // Each waits for those before it.
        send(client, { timeout: DEADLINE * (at + 1), ...each }),
      )
      const results = await allOf(sent)
      return results.slice(1, -1)
    })
  }

  /**
   * Runs statements of which each can depend on what another has found, all or none. It is run anew where it was in another's way.
   * @param run must take the connection it is given, and nothing else that it would have to wait for
   */
  transaction<T>(
    run: (transaction: Transaction) => Promise<T>,
    { begin = BEGIN, timeout }: TransactionOptions = {},
  ): Promise<T> {
    return this.#withClient(async (client) => {
      const patience = timeout === undefined ? {} : { timeout: timeout + DEADLINE }
      const query = (each: Statement) => send(client, { ...patience, ...each })
      let isOver = false
      const end = async (each: Statement) => {
        isOver = true
        const [result] = await allOf([query(each), query(COMMIT)])
        return result
      }
      try {
        // They go out with the first statement.
        const begun = [begin, ...allowing(timeout)].map((each) => send(client, each))
        const [, result] = await allOf([allOf(begun), run({ query, end })])
        if (!isOver) await query(COMMIT)
        return result
      } catch (error) {
        if (!(error instanceof Unavailable)) await send(client, ROLLBACK)
        throw error
      }
    })
  }

  /** Lends a connection, for what goes on for a while. Whoever ends it early must leave no transaction open. */
  async lent<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    try {
      const result = await run({ query: (each) => send(client, each) })
      client.release()
      return result
    } catch (error) {
      // What state it is in is not known.
      client.release(true)
      throw error
    }
  }

  /**
   * Hears what is said on the channel that has the schema's name, on a connection of its own.
   * @throws Unavailable
   */
  async listen(hear: (message: string) => void): Promise<Channel> {
    try {
      return await Channel.open(this.#newClient(), quoted(this.schema), hear)
    } catch (error) {
      throw new Unavailable(error)
    }
  }

  /**
   * Begins to look on which connections nothing comes.
   * @returns ends these: what is under way there fails as in any outage
   */
  noteHeard(): () => void {
    return noteHeard(this.#clients)
  }

  /** Waits for what is under way, and ends the connections. */
  async close(): Promise<void> {
    await this.#pool.end()
  }

  #withClient<T>(run: (client: PoolClient) => Promise<T>): Promise<T> {
    return retried(async () => {
      const client = await this.#connect()
      try {
        const result = await run(client)
        client.release()
        return result
      } catch (error) {
        client.release(error instanceof Unavailable)
        throw error
      }
    })
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw new Unavailable(error)
    }
  }
}

export interface TransactionOptions {
  /** `begin` of another kind, such as that of a read of one moment. */
  readonly begin?: Statement
  /** How long each statement may take, in milliseconds; as long as others without it. */
  readonly timeout?: number
}

const BEGIN: Statement = { text: 'begin' }
const COMMIT: Statement = { text: 'commit' }
const ROLLBACK: Statement = { text: 'rollback' }

/** Begins a transaction that reads, and whose every statement sees the same moment. */
export const BEGIN_READING: Statement = { text: 'begin isolation level repeatable read read only' }

/** A name as SQL has it, whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as SQL has it. */
export function literal(text: string): string {
  const escaped = writtenText(text).replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  return escaped.includes('\\') ? `E'${escaped}'` : `'${escaped}'`
}

function send(client: PoolClient, statement: Statement): Promise<Result> {
  return new Promise((resolve, reject) => {
    const asking = new Asking(statement, (error, result) => {
      if (result) resolve(result)
      else reject(failureOf(error))
    })
    client.query(asking)
  })
}

function failureOf(error: unknown): unknown {
  return isOutage(error) ? new Unavailable(error, isFull(error)) : error
}

/** Lets the statements of a transaction take longer. */
function allowing(timeout: number | undefined): readonly Statement[] {
  return timeout === undefined ? [] : [{ text: `set local statement_timeout = ${timeout}` }]
}

/** Waits for all, and throws what the first of them does: those behind it have failed because of it. */
async function allOf<T extends readonly unknown[]>(
  all: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(all)
  return Promise.all(all)
}

import type { Declarations } from '../../declaration.js'
import type { Change } from '../../engine.js'
import type { Row } from '../../predicate.js'
import {
  type Connection,
  type Database,
  type DatabaseRow,
  quoted,
  type Statement,
} from '../database.js'
import type { Lease } from './lease.js'

/** How a collection's records are read and changed. */
export interface Records {
  /** The table, as SQL has it. */
  readonly table: string
  /** A record, from the columns of the table. */
  rowOf(columns: DatabaseRow): Row
  /** Changes a record within a transaction. */
  update(connection: Connection, id: number, change: Change<Row>): Promise<Row | undefined>
}

/** A collection whose records are jobs. */
export class Queue {
  /** The collections of which a change can end one of these jobs. */
  readonly endedBy: ReadonlySet<string>
  readonly #database: Database
  readonly #collection: string
  readonly #records: Records
  readonly #waiting: string
  readonly #taking: Statement
  readonly #ending: Statement

  /** @throws Error when the collection has none */
  constructor(
    database: Database,
    declarations: Declarations,
    collection: string,
    records: Records,
  ) {
    const { queue } = declarations[collection] ?? {}
    if (!queue) throw new Error(`${collection} has no queue`)
    this.endedBy = reaching(declarations, collection)
    this.#database = database
    this.#collection = collection
    this.#records = records
    this.#waiting = queue.waiting
    const [jobs, turns] = [database.qualified('jobs'), database.qualified('turns')]
    const { table } = records
    const whose = `coalesce(record.${quoted(queue.by)}, 0)`
    // Turns are given one after the other. A record that is locked is being changed by others; whoever was given a turn since this
    // statement began is found without the lease, and gets no second one.
    this.#taking = database.prepared(
      `with turn as (select whose from ${turns} where collection = $1 for update),
      waiting as (
        select record.* from turn, ${table} record
        where record.${quoted(queue.field)} = $2 and not exists (
          select from ${jobs} where collection = $1 and jobs.whose = ${whose} and ends > clock_timestamp()
        )
        order by ${whose} > turn.whose desc, ${whose}, record.id limit 1 for update of record skip locked
      ), taken as (
        insert into ${jobs} as job (collection, whose, record, lease, ends)
        select $1, ${whose}, id, $3, clock_timestamp() + $4 * interval '1 millisecond' from waiting record
        on conflict (collection, whose) do update set record = excluded.record, lease = excluded.lease, ends = excluded.ends
        where job.ends <= clock_timestamp() returning whose
      ), given as (
        update ${turns} set whose = taken.whose from taken where collection = $1
      ) select waiting.*, exists (select from taken) as is_taken from waiting`,
    )
    this.#ending = database.prepared(
      `with record as (select id from ${table} where id = $1 for update)
      delete from ${jobs} using record where lease = $2 and ends > clock_timestamp()`,
    )
  }

  /** Takes the record whose turn it is. @returns undefined where none waits but for those who have one taken */
  async take(lease: Lease, time: number): Promise<Row | undefined> {
    for (;;) {
      const since = performance.now()
      const values = [this.#collection, this.#waiting, lease.id, time]
      const { rows } = await this.#database.query({ ...this.#taking, values })
      const [row] = rows
      if (!row) return undefined
      const { is_taken: isTaken, ...columns } = row
      if (isTaken !== true) continue
      lease.renew(time, since)
      return this.#records.rowOf(columns)
    }
  }

  /** Changes a record and ends its lease, where that hasn't ended yet. @returns undefined where it has */
  finish(lease: Lease, id: number, change: Change<Row>): Promise<Row | undefined> {
    return this.#database.transaction(async (connection) => {
      const ended = await connection.query({ ...this.#ending, values: [id, lease.id] })
      return ended.count === 0 ? undefined : this.#records.update(connection, id, change)
    })
  }
}

/** A collection, and those of which a deletion changes its records or deletes them. */
function reaching(declarations: Declarations, collection: string): ReadonlySet<string> {
  const found = new Set([collection])
  for (const name of found) {
    const { references = {}, pointers = [] } = declarations[name] ?? {}
    for (const reference of Object.values(references)) if (reference) found.add(reference.to)
    for (const { to, onDelete } of pointers) if (onDelete !== 'keep') found.add(to)
  }
  return found
}

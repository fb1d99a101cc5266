import type { RecordEvent } from '../../engine.js'
import type { Row } from '../../predicate.js'
import { Watchers } from '../../watchers.js'
import type { Database, DatabaseRow, Statement } from '../database.js'
import type { Listener } from '../listener.js'
import type { Presence } from '../presence.js'
import { Repeated } from '../repeated.js'

/** How many events are read at once. */
const MOST = 100

/** How long events are kept, in milliseconds: by then each process has read them, or was cut off for so long that it has missed some. */
const KEPT = 60_000

/** Where one is in what has happened: behind an event, or behind all of a step's. */
interface Place {
  readonly step: number
  readonly event: number
}

/** A record of a collection, from its table's row as JSON. */
export type RowOf = (collection: string, columns: unknown) => Row

/** What happens to records, in this process and in others, for those in this one who watch. */
export class Events {
  readonly #database: Database
  readonly #process: string
  readonly #rowOf: RowOf
  readonly #onFault: (error: unknown) => void
  readonly #watchers: Watchers
  readonly #claim: Statement
  readonly #next: Statement
  readonly #sweep: Statement
  readonly #claiming = new Repeated(() => this.#claimAll())
  readonly #reading = new Repeated(() => this.#read())
  /** The collections whose events are written for this process. */
  #claimed: ReadonlySet<string> = new Set()
  /** Whether nothing was written for this process for a while, since the others had taken it for dead. */
  #hasGap = false
  /** Behind what has been told; undefined while nobody watches, or it is not known yet. */
  #place: Place | undefined
  /** Rises each time that nobody watches any more: who watches then begins anew. */
  #era = 0

  /**
   * @param rowOf makes a record of what an event has of it
   * @param onFault hears of what fails when nobody waits for it, and of what a listener throws
   */
  constructor(
    database: Database,
    presence: Presence,
    listener: Listener,
    rowOf: RowOf,
    onFault: (error: unknown) => void,
  ) {
    this.#database = database
    this.#process = presence.id
    this.#rowOf = rowOf
    this.#onFault = onFault
    this.#watchers = new Watchers(onFault)
    const [watching, steps, events, swept] = ['watching', 'steps', 'events', 'swept'].map((name) =>
      database.qualified(name),
    )
    this.#claim = database.prepared(
      `with ended as (delete from ${watching} where process = $1 and collection <> all($2::text[])),
      begun as (insert into ${watching} select collection, $1 from unnest($2::text[]) collection on conflict do nothing)
      select coalesce(max(place), 0) as step from ${steps}`,
    )
    this.#next = database.prepared(
      `select latest, (select max(place) from ${swept}) as swept, event.*
      from (select greatest(max(place), $1) as latest from ${steps}) known
      left join lateral (
        select place as step, id as event, collection, kind, record, before
        from ${steps} join ${events} using (transaction)
        where place >= $1 and place <= latest and (place, id) > ($1, $2) and collection = any($3)
        order by place, id limit ${MOST}
      ) event on true`,
    )
    this.#sweep = database.prepared(
      `with old as (
        delete from ${steps} where placed_at < clock_timestamp() - ${KEPT} * interval '1 millisecond' returning transaction, place
      ), gone as (
        delete from ${events} using old where ${events}.transaction = old.transaction
      ) insert into ${swept} as known (place) select max(place) from old having max(place) is not null
      on conflict (id) do update set place = greatest(known.place, excluded.place)`,
    )
    presence.onBeat((wasLost) => this.#beat(wasLost))
    listener.on('events', () => this.caughtUp())
  }

  /**
   * Hears of each record of a collection that is created, updated or deleted from now on, wherever that is.
   * @param onGap is called where this process was cut off for so long that there can be something that it will not hear of
   * @returns ends it
   */
  watch(
    collection: string,
    listener: (event: RecordEvent<Row>) => void,
    onGap?: () => void,
  ): () => void {
    const end = this.#watchers.add(collection, listener, onGap)
    // It need not be waited for: who writes here does.
    this.ready()
    return () => {
      end()
      if (this.#watchers.watched.length > 0) return
      this.#place = undefined
      this.#hasGap = false
      this.#era++
    }
  }

  /** To be waited for before something is written, so that who watches here hears of it. */
  async ready(): Promise<void> {
    const { watched } = this.#watchers
    const isReady = this.#place && watched.every((each) => this.#claimed.has(each))
    if (watched.length > 0 && !isReady) await this.#claiming.ask().catch(this.#onFault)
  }

  /**
   * Done when all that was committed before the call has been told here.
   * @param changed the collections in which that can have been; any without it
   */
  async caughtUp(changed?: ReadonlySet<string>): Promise<void> {
    const { watched } = this.#watchers
    if (changed && !watched.some((each) => changed.has(each))) return
    if (this.#place) await this.#reading.ask().catch(this.#onFault)
  }

  /** Tells nobody anything any more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#watchers.close()
    this.#place = undefined
    await this.#claiming.settled()
    await this.#reading.settled()
  }

  async #claimAll(): Promise<void> {
    const era = this.#era
    const { watched } = this.#watchers
    const { rows } = await this.#database.query({
      ...this.#claim,
      values: [this.#process, watched],
    })
    this.#claimed = new Set(watched)
    if (era === this.#era) this.#place ??= behind(Number(rows[0]?.step))
    if (!this.#hasGap) return
    this.#hasGap = false
    this.#watchers.gap()
  }

  async #read(): Promise<void> {
    for (let isMore = true; isMore; ) {
      const place = this.#place
      if (!place) return
      const values = [place.step, place.event, this.#watchers.watched]
      const { rows } = await this.#database.query({ ...this.#next, values })
      // Nobody watches any more: whoever does again is to hear nothing of what was before.
      if (place !== this.#place) return
      isMore = rows.length === MOST
      const last = rows.at(-1)
      this.#place = isMore
        ? { step: Number(last?.step), event: Number(last?.event) }
        : behind(Number(last?.latest))
      if (Number(last?.swept ?? 0) > place.step) this.#watchers.gap()
      for (const row of rows) if (row.event !== null) this.#happened(row)
      this.#watchers.done()
    }
  }

  #happened({ collection, kind, record, before }: DatabaseRow): void {
    const name = String(collection)
    const row = this.#rowOf(name, record)
    if (kind === 'updated') {
      this.#watchers.happened(name, { kind, record: row, before: this.#rowOf(name, before) })
    } else if (kind === 'created' || kind === 'deleted') {
      this.#watchers.happened(name, { kind, record: row })
    }
  }

  #beat(wasLost: boolean): void {
    const { watched } = this.#watchers
    if (wasLost) {
      this.#claimed = new Set()
      this.#hasGap = watched.length > 0
    }
    const isClaimed =
      watched.length === this.#claimed.size && watched.every((each) => this.#claimed.has(each))
    if (!isClaimed) this.#claiming.ask().catch(this.#onFault)
    this.#database.query(this.#sweep).catch(this.#onFault)
  }
}

/** The place behind all of a step's events. */
function behind(step: number): Place {
  return { step, event: Number.MAX_SAFE_INTEGER }
}

import type { Readable } from 'node:stream'
import type {
  BaseRecord,
  Declarations,
  FieldOf,
  RecordIn,
  StoredFile,
  TargetsIn,
} from './declaration.js'
import type { Predicate, Query, Selection } from './query.js'

export type Values<R extends BaseRecord> = Omit<R, 'id' | 'version'>
export type NewRecord<R extends BaseRecord> = Values<R> & { readonly id?: number | undefined }
export type Change<R extends BaseRecord> = Partial<Values<R>>

/** A change, or what makes one from the record as it is in the very step that changes it. What it throws, the update throws. */
export type Update<R extends BaseRecord> = Change<R> | ((record: R) => Change<R>)

/** What must hold of a record for a change or a deletion to be done; looked at in the same step, in this order. */
export interface Condition<R extends BaseRecord> {
  /** Values the record must have: any other refuses with `ConditionFailed`. */
  readonly where?: Partial<R> | undefined
  /** What must hold of the record: else it is refused with `ConditionFailed` too. */
  readonly test?: Predicate<FieldOf<R>> | undefined
  /** The versions the caller knows: any other refuses with `VersionMismatch`. */
  readonly versions?: readonly number[] | undefined
}

/** How many records may have some values. The values are those of an index. */
export interface Bound<R extends BaseRecord> {
  readonly where: Partial<R>
  readonly atMost: number
  /** Where this other one holds, there may be more. */
  readonly unless?: Omit<Bound<R>, 'unless'> | undefined
}

export interface Page<R> {
  readonly items: readonly R[]
  /** How many records match in all. */
  readonly total: number
}

/** What has happened to a record. */
export interface RecordEvent<R extends BaseRecord> {
  readonly kind: 'created' | 'updated' | 'deleted'
  /** As it is now, or was last. */
  readonly record: R
  /** As it was before, of one that was updated. */
  readonly before?: R
}

/**
 * Reads records.
 * @typeParam A what is given of each
 */
export interface Reader<R extends BaseRecord, A = R> {
  get(id: number): Promise<A | undefined>
  /** Finds a record by the values of one declared unique key; of several keys by the first that a record has. */
  getBy(key: Partial<R>, ...others: readonly Partial<R>[]): Promise<A | undefined>
  find(query: Query<FieldOf<R>>): Promise<Page<A>>
  /** Gives everything that matches, as it is now, some at a time: whatever happens meanwhile, it is of one moment. */
  stream(selection?: Selection<FieldOf<R>>): AsyncIterable<readonly A[]>
}

/** A record, and the one that a reference of it leads to: none where that is null, or where that one has just gone. */
export interface Joined<R, T> {
  readonly record: R
  readonly target: T | undefined
}

/**
 * What has references.
 * @typeParam T what each leads to
 */
export interface Joinable<R extends BaseRecord, T> {
  /** Reads records with what a reference of theirs leads to, in the same look. */
  joined<F extends keyof T & string>(reference: F): Reader<R, Joined<R, T[F]>>
  /**
   * Reads the records whose reference leads to one of which a unique key is known, in the same look: none where nobody has that.
   * Of the unique keys that the reference is part of, the rest is asked for.
   */
  referring<F extends keyof T & string>(reference: F, key: Partial<T[F]>): Reader<R>
}

/**
 * The records of one kind. Every operation is atomic by itself. Records never change: a change makes a new one, and nobody
 * may write to one that comes out, or to values that went in.
 */
export interface Collection<R extends BaseRecord> extends Reader<R> {
  /**
   * Gives a number out, and no number twice: the whole number above the highest that the declared sequence ever had, in records
   * that have gone too, those aside that JavaScript can't count on from; 1 where it never had any.
   * @returns undefined where that would be none that JavaScript can count on from (above `Number.MAX_SAFE_INTEGER`)
   */
  nextNumber(): Promise<number | undefined>
  /**
   * Adds a record. It gets an id above the highest ever given, unless it brings one.
   * @param bounds what must hold once it is there
   * @throws UniqueViolation, ReferenceViolation, InvalidRecord, BoundReached; nothing is stored then
   */
  insert(values: NewRecord<R>, bounds?: readonly Bound<R>[]): Promise<R>
  /**
   * Adds records, all or none of them.
   * @throws as `insert`
   */
  insertMany(values: readonly NewRecord<R>[]): Promise<readonly R[]>
  /**
   * Changes some fields of a record.
   * @returns the new record; undefined when there is none with that id
   * @throws UniqueViolation, ReferenceViolation, VersionMismatch, ConditionFailed, InvalidRecord; nothing is changed then
   */
  update(id: number, change: Update<R>, condition?: Condition<R>): Promise<R | undefined>
  /**
   * Gives a record other values, all of them. It keeps its id and its place.
   * @returns the new record; undefined when there is none with that id
   * @throws as `update`
   */
  replace(id: number, values: Values<R>, condition?: Condition<R>): Promise<R | undefined>
  /**
   * Deletes a record and, in the same step, does to those that refer to it what their declaration says. Where these are many, others
   * have their turns meanwhile: who reads sees all of it or nothing yet, and who writes does so before it or after.
   * @returns the deleted record; undefined when there is none with that id
   * @throws VersionMismatch, ConditionFailed; nothing is deleted then
   */
  delete(id: number, condition?: Condition<R>): Promise<R | undefined>
  /**
   * Hears of each record that is created, updated or deleted in this view from now on, in the order in which it happens, also of what
   * follows from a deletion. It is called when the step is done, where much has happened over several turns, and never of a step that
   * was refused. A restoration tells nobody: all there was to know is something else then. What a listener throws harms nobody.
   * @param onGap is called where something could have happened that nobody will tell: whoever follows the records reads them anew
   * @returns ends it
   */
  watch(listener: (event: RecordEvent<R>) => void, onGap?: () => void): () => void
}

/** Who is logged in. */
export interface Sessions<U> {
  /**
   * The user of a token that has not been revoked: all that has to be looked up of a token, in one look.
   * @param jti names the token
   */
  find(jti: string, userId: number): Promise<U | undefined>
  /**
   * Ends a token before its time.
   * @param until when it ends by itself, in milliseconds since 1970; it need not be remembered any longer
   */
  revoke(jti: string, until: number): Promise<void>
}

/** A file that has arrived. Its content stays until it is released, and then for as long as records refer to it. */
export interface ReceivedFile extends StoredFile {
  /** To be called once, when a record refers to the content or none ever will. */
  release(): Promise<void>
}

/** The contents of files, each kept once. */
export interface Files {
  /**
   * Takes in a source of bytes. When that fails nothing of it stays. A source that isn't read to its end is destroyed.
   * @throws what the source or the disk throws
   */
  receive(source: Readable): Promise<ReceivedFile>
  /**
   * Opens content for reading. The caller is to read the stream to its end, or to destroy it.
   * @param range the bytes from start to end, both inclusive
   * @throws MissingContent when there is none
   */
  read(sha256: string, range?: { start: number; end: number }): Promise<Readable>
}

/** A waiting record that one worker has taken. */
export interface Job<R extends BaseRecord> {
  readonly record: R
  /** Aborted once it is this worker's no more: its record has gone or is done, or its lease has run out. */
  readonly lost: AbortSignal
  /** Begins the lease anew. */
  renew(): Promise<void>
  /**
   * Changes the record, and ends the lease.
   * @returns undefined when the job is lost
   */
  finish(change: Change<R>): Promise<R | undefined>
}

/** Work that records wait for. */
export interface Jobs<D extends Declarations> {
  /**
   * Takes the record whose turn it is. Whoever has one waiting, and none taken, has a turn before anybody else has two; of what
   * waits for one of them, the record comes first that has waited longest.
   * @param lease how long nobody else may have it, in milliseconds
   * @returns undefined when none waits but for those who have one taken
   */
  take<N extends keyof D & string>(
    collection: N,
    lease: number,
  ): Promise<Job<RecordIn<D[N]>> | undefined>
}

/** The name of the collection whose records log in. */
export const ACCOUNTS = 'users'

/** The records that log in; nobody where no collection has that name. */
type AccountIn<D extends Declarations> = D extends { readonly [ACCOUNTS]: infer U }
  ? U extends Declarations[string]
    ? RecordIn<U>
    : never
  : BaseRecord

/** A state of everything, kept aside. */
export interface Snapshot {
  /** Forgets it, and gives up its files. It can't be restored any more. */
  discard(): Promise<void>
}

interface ViewBase<D extends Declarations> {
  /** Tells this state of the store from others, so that a tag made from a version can't fit another's record. */
  readonly epoch: string
  readonly sessions: Sessions<AccountIn<D>>
  readonly files: Files
  readonly jobs: Jobs<D>
  /**
   * Done when whoever watches already hears also of what others who share this state do from then on. Whoever writes in this view
   * needn't wait for it.
   */
  watching(): Promise<void>
}

/** What a view has beside where its engine can keep several states of everything. */
interface Forks<D extends Declarations> {
  /** A view of its own that begins as this one is, and then goes its own way. */
  fork(): Promise<ForkableView<D>>
  snapshot(): Promise<Snapshot>
  /**
   * Puts everything back as it was, in one step: whatever else is asked of the view comes before it or after. Jobs that were
   * taken are lost; what is being read, of records or of a file, is read to its end as it was. The snapshot stays.
   * @throws Error when the snapshot has been discarded
   */
  restore(snapshot: Snapshot): Promise<void>
  /**
   * Ends a fork, whatever is under way in it: its files go, its jobs are lost, and who watches hears no more. What is begun can
   * be brought to its end, by whoever doesn't know: records can be read and written as before, but hold no file and are nobody's
   * job, and content that arrives goes once it is released. A file that is being read is read to its end.
   */
  close(): Promise<void>
}

type CollectionsOf<D extends Declarations> = {
  readonly [N in keyof D & string]: Collection<RecordIn<D[N]>> &
    Joinable<RecordIn<D[N]>, TargetsIn<D, N>>
}

/** What a request sees: everything, each collection under its name. */
export type View<D extends Declarations = Declarations> = ViewBase<D> & CollectionsOf<D>

/** A view that can be kept aside, put back, and go several ways. */
export type ForkableView<D extends Declarations = Declarations> = View<D> & Forks<D>

/** What keeps the records. It must pass `engine-suite.ts` and `free-suite.ts` in `test/store`. */
export interface Engine {
  /** @throws Error when the declarations contradict each other */
  open<D extends Declarations>(declarations: D): Promise<View<D>>
  close(): Promise<void>
}

/** An engine that can keep several states of everything. It must pass `fork-suite.ts` too. */
export interface ForkingEngine extends Engine {
  open<D extends Declarations>(declarations: D): Promise<ForkableView<D>>
}

/** Whether a view can be kept aside, put back, and go several ways. */
export function isForkable<D extends Declarations>(view: View<D>): view is ForkableView<D> {
  return 'fork' in view
}

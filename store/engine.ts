import { randomBytes } from 'node:crypto'
import {
  type Application,
  type Article,
  applications,
  articles,
  type Dmp,
  dmps,
  type Membership,
  memberships,
  type Package,
  type Project,
  packages,
  projects,
  type Ship,
  ships,
  type Tag,
  type Task,
  type Template,
  tags,
  tasks,
  templates,
  type User,
  users,
} from './collections.js'
import type { BaseRecord, Declaration } from './declaration.js'

export type NewRecord<R extends BaseRecord> = Omit<R, 'id' | 'version'> & {
  readonly id?: number | undefined
}
export type Change<R extends BaseRecord> = Partial<Omit<R, 'id' | 'version'>>

/** A change, or what makes one from the record as it is in the very step that changes it. What it throws, the update throws. */
export type Update<R extends BaseRecord> = Change<R> | ((record: R) => Change<R>)

/** What must hold of a record for an update or a deletion to be done; looked at in the same step, in this order. */
export interface Condition<R extends BaseRecord> {
  /** Values the record must have: any other refuses with `ConditionFailed`. */
  readonly where?: Partial<R> | undefined
  /** The versions the caller knows: any other refuses with `VersionMismatch`. */
  readonly versions?: readonly number[] | undefined
}

export interface Query<R extends BaseRecord> {
  /** Values that the records must have. At least one of the fields has to be indexed. */
  readonly where?: Partial<R> | undefined
  /** The name of a declared order; by id without one. */
  readonly order?: string | undefined
  /** Text that a searchable field has to contain, letter case aside. */
  readonly search?: { readonly field: keyof R & string; readonly text: string } | undefined
  /** How many records to pass over; 0 without it. */
  readonly offset?: number | undefined
  /** How many records to return at most; all without it. */
  readonly limit?: number | undefined
}

export interface Page<R> {
  readonly items: readonly R[]
  /** How many records match in all. */
  readonly total: number
}

/**
 * The records of one kind. Every operation is atomic by itself, and the records that come out are frozen:
 * a change makes a new one.
 */
export interface Collection<R extends BaseRecord> {
  get(id: number): Promise<R | undefined>
  /** Finds a record by the values of one declared unique key. */
  getBy(key: Partial<R>): Promise<R | undefined>
  find(query?: Query<R>): Promise<Page<R>>
  /**
   * Adds a record. It gets an id one above the highest ever given, unless it brings one.
   * @throws UniqueViolation, ReferenceViolation, InvalidRecord; nothing is stored then
   */
  insert(values: NewRecord<R>): Promise<R>
  /**
   * Changes some fields of a record.
   * @returns the new record; undefined when there is none with that id
   * @throws UniqueViolation, ReferenceViolation, VersionMismatch, ConditionFailed, InvalidRecord; nothing is changed then
   */
  update(id: number, change: Update<R>, condition?: Condition<R>): Promise<R | undefined>
  /**
   * Deletes a record and, in the same step, does to those that refer to it what their declaration says.
   * @returns the deleted record; undefined when there is none with that id
   * @throws VersionMismatch, ConditionFailed; nothing is deleted then
   */
  delete(id: number, condition?: Condition<R>): Promise<R | undefined>
  /** Calls back for each record that has gone, whether it was deleted itself or with one that it referred to. */
  onDelete(listener: (record: R) => void): void
}

/** The tokens that were revoked before their time. An entry goes when its token would have expired. */
export interface Denylist {
  /** @param expiresAt when the token ends by itself, in milliseconds since 1970 */
  add(jti: string, expiresAt: number): Promise<void>
  has(jti: string): Promise<boolean>
}

/** What keeps the records: memory today. It must pass the suite in `test/store/engine-suite.ts`. */
export interface Engine {
  collection<R extends BaseRecord>(declaration: Declaration<R>): Collection<R>
  readonly denylist: Denylist
}

/** Everything Slipway knows. */
export interface Store {
  /** Tells this store from others, so that a tag made from a version can't fit another process's record. */
  readonly epoch: string
  readonly users: Collection<User>
  readonly ships: Collection<Ship>
  readonly articles: Collection<Article>
  readonly templates: Collection<Template>
  readonly applications: Collection<Application>
  readonly packages: Collection<Package>
  readonly tags: Collection<Tag>
  readonly projects: Collection<Project>
  readonly memberships: Collection<Membership>
  readonly dmps: Collection<Dmp>
  readonly tasks: Collection<Task>
  readonly denylist: Denylist
}

/** Opens Slipway's collections on an engine. */
export function openStore(engine: Engine): Store {
  return {
    epoch: randomBytes(6).toString('base64url'),
    users: engine.collection(users),
    ships: engine.collection(ships),
    articles: engine.collection(articles),
    templates: engine.collection(templates),
    applications: engine.collection(applications),
    packages: engine.collection(packages),
    tags: engine.collection(tags),
    projects: engine.collection(projects),
    memberships: engine.collection(memberships),
    dmps: engine.collection(dmps),
    tasks: engine.collection(tasks),
    denylist: engine.denylist,
  }
}

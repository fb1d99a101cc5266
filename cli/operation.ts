import type { SeedFile } from '../seed/parts.js'
import type { Project, Store, User } from '../store/collections.js'
import type { BaseRecord } from '../store/declaration.js'
import type { Collection, NewRecord } from '../store/engine.js'
import { UniqueViolation } from '../store/errors.js'
import { userNamed } from '../store/lookups.js'
import type { Additions } from './data-file/change.js'
import { Refusal } from './say.js'

/** What an operation has done. */
export interface Outcome {
  /** Said of it, in one line. */
  readonly done: string
  /** What has come in, as a data file is to have it. */
  readonly added?: Additions
}

/**
 * Works on what a data file or a database holds. What the store's rules do is done to a file too; what comes in is to be told.
 * @param data what the file has; nothing where it is a database
 * @throws Refusal
 */
export type Operation = (store: Store, data: SeedFile) => Promise<Outcome>

/**
 * The user who has a name.
 * @throws Refusal when nobody has it
 */
export async function findUser(store: Store, username: string): Promise<User> {
  const user = await userNamed(store, username)
  if (!user) throw new Refusal(`no user has the name "${username}"`)
  return user
}

/**
 * The project that has a name.
 * @throws Refusal when none has it
 */
export async function findProject({ projects }: Store, name: string): Promise<Project> {
  const project = await projects.getBy({ name })
  if (!project) throw new Refusal(`no project has the name "${name}"`)
  return project
}

/**
 * Inserts a record.
 * @param taken what is said when there is another of its name
 * @throws Refusal
 */
export async function insertNew<R extends BaseRecord>(
  collection: Collection<R>,
  values: NewRecord<R>,
  taken: string,
): Promise<R> {
  try {
    return await collection.insert(values)
  } catch (error) {
    if (error instanceof UniqueViolation) throw new Refusal(taken)
    throw error
  }
}

import type { Store } from '../store/collections.js'
import { editFile } from './data-file/edit.js'
import { chosenDataFile, editedDataFile } from './data-file/find.js'
import { load } from './data-file/load.js'
import type { Operation } from './operation.js'

/** What a command is about. */
export interface Target {
  /** What it is called in a sentence. */
  readonly name: string
  /**
   * Looks at what it holds.
   * @throws SeedError
   */
  read<R>(look: (store: Store) => Promise<R>): Promise<R>
  /**
   * Does an operation, and keeps what it has done.
   * @returns what was done
   * @throws what the operation throws, as `read`, and Refusal when the file can't be written
   */
  edit(operation: Operation): Promise<string>
}

/** Where a command line says what the command is about. */
export interface TargetFlags {
  readonly dataFile?: string | undefined
}

export interface ListFlags extends TargetFlags {
  readonly json?: boolean
}

/** What a command looks at. */
export async function readTarget(flags: TargetFlags): Promise<Target> {
  return fileTarget(await chosenDataFile(flags.dataFile))
}

/**
 * What a command changes.
 * @throws Refusal also where it is a file that isn't edited
 */
export async function editedTarget(flags: TargetFlags): Promise<Target> {
  return fileTarget(await editedDataFile(flags.dataFile))
}

function fileTarget(file: string): Target {
  return {
    name: file,
    read: async (look) => look((await load(file)).store),
    edit: (operation) => editFile(file, operation),
  }
}

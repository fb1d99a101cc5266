import { type Config, parseConfig, readEnvironment, type Text } from '../config.js'
import type { Store } from '../store/collections.js'
import { editFile } from './data-file/edit.js'
import { chosenDataFile, editedDataFile } from './data-file/find.js'
import { load } from './data-file/load.js'
import type { Operation } from './operation.js'
import { UsageError } from './say.js'
import { asText, refuseWrong } from './settings.js'

/** What a command is about: a data file, or a database. */
export interface Target {
  /** What it is called in a sentence. */
  readonly name: string
  /**
   * Looks at what it holds.
   * @throws SeedError, or Refusal when the database can't be reached or has no tables
   */
  read<R>(look: (store: Store) => Promise<R>): Promise<R>
  /**
   * Does an operation, and keeps what it has done.
   * @returns what was done
   * @throws what the operation throws, as `read`, and Refusal when the file can't be written
   */
  edit(operation: Operation): Promise<string>
}

/** What a command has to know of a database. */
const SETTINGS = new Set(['database', 'databaseSchema', 'wait'])

/** Where a command line says what the command is about. */
export interface TargetFlags {
  readonly dataFile?: string | undefined
  readonly database?: string | undefined
}

export interface ListFlags extends TargetFlags {
  readonly json?: boolean
}

/** What a command looks at: the database, where there is one, and else the data file. */
export async function readTarget(flags: TargetFlags): Promise<Target> {
  return (await databaseTarget(flags)) ?? fileTarget(await chosenDataFile(flags.dataFile))
}

/**
 * What a command changes, found as `readTarget` does.
 * @throws Refusal also where it is a file that isn't edited
 */
export async function editedTarget(flags: TargetFlags): Promise<Target> {
  return (await databaseTarget(flags)) ?? fileTarget(await editedDataFile(flags.dataFile))
}

/**
 * The settings of the database that a command is about. A data file that the command line names comes before one that the
 * environment has.
 * @returns undefined where it is about a data file
 * @throws ConfigError, UsageError
 */
export function databaseOf({ dataFile, database }: TargetFlags): Config | undefined {
  const given = asText({ database })
  refuseWrong(given)
  if (dataFile !== undefined) {
    if (database === undefined) return undefined
    throw new UsageError('a data file and --database are two places: name one of them')
  }
  const all: Text = { ...readEnvironment(), ...given }
  if (all.database === undefined) return undefined
  // Nothing else of the environment has to be right for a command.
  return parseConfig(Object.fromEntries(Object.entries(all).filter(([name]) => SETTINGS.has(name))))
}

async function databaseTarget(flags: TargetFlags): Promise<Target | undefined> {
  const config = databaseOf(flags)
  return config && (await import('./database.js')).databaseTarget(config)
}

function fileTarget(file: string): Target {
  return {
    name: file,
    read: async (look) => look((await load(file)).store),
    edit: (operation) => editFile(file, operation),
  }
}

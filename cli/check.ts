import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.js'
import { parseConfig, readEnvironment, type Text } from '../config.js'
import { chosenDataFile } from './data-file/find.js'
import { countsIn, countsOf } from './parts.js'
import { count, listed, say } from './say.js'
import { asText, refuseWrong, type ServeFlags } from './settings.js'
import { databaseOf, type TargetFlags } from './target.js'

export type CheckFlags = ServeFlags & TargetFlags

/** Says what a data file holds, once the server would take it; or what a database holds. */
export async function check({ dataFile, ...flags }: CheckFlags): Promise<void> {
  const given = asText(flags)
  refuseWrong(given)
  const config = databaseOf({ dataFile, database: flags.database })
  if (config) {
    const { readTables } = await import('./database.js')
    return say(`the database is good: ${await readTables(config, countsOf)}`)
  }
  const file = await chosenDataFile(dataFile)
  // The data file would not be read a second time, where a database has it already.
  const { database: _database, ...environment } = readEnvironment()
  await trying({ ...environment, ...given, dataFile: file }, async (app) => {
    say(
      `${file} is good: ${listed([...(await countsIn(app.store)), ...ownCounts(app)]) || 'nothing'}`,
    )
    const { waiting } = app.passwords
    if (waiting > 0) {
      say(`${count(waiting, 'password')} in it can be read by everybody who can read the file`)
    }
  })
}

/**
 * Builds the server as a start does, and ends it again.
 * @param options the settings, as text
 * @param look what is to be done with it
 * @throws SeedError, ConfigError
 */
export async function trying(
  options: Text,
  look: (app: FastifyInstance) => Promise<void> = async () => {},
): Promise<void> {
  const app = await buildApp(parseConfig({ ...options, logLevel: 'silent' }))
  try {
    await look(app)
  } finally {
    await app.close()
  }
}

/** The user's own collections, by their own names, and how many records each has. */
function ownCounts({ own }: FastifyInstance): readonly string[] {
  return own.collections.map(({ name, isSingular, part }) =>
    isSingular ? name : `${name} (${part.records.length})`,
  )
}

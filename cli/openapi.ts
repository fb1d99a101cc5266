import { buildApp } from '../app.js'
import { parseConfig, readEnvironment } from '../config.js'
import { asText, refuseWrong, type ServeFlags } from './settings.js'

/**
 * Prints the OpenAPI document, without listening.
 * @param dataFile whose collections are to be in it; none are without it
 */
export async function printOpenapi(dataFile: string | undefined, flags: ServeFlags): Promise<void> {
  const given = asText({ ...flags, ...(dataFile === undefined ? {} : { dataFile }) })
  refuseWrong(given)
  // A database would be filled, and what it keeps makes no difference.
  const { dataFile: _file, database: _database, ...environment } = readEnvironment()
  const document = await generateOpenapi({ ...environment, ...given })
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

/**
 * Generates the OpenAPI document without listening.
 * @param options settings, by their names in `Settings`; without a data file it is that of no data
 * @throws ConfigError, SeedError
 */
export async function generateOpenapi(options: {
  readonly [name: string]: unknown
}): Promise<object> {
  const data = 'dataFile' in options ? {} : { data: {} }
  const app = await buildApp(parseConfig({ ...options, ...data, logLevel: 'silent' }))
  await app.ready()
  const document = await app.openapi()
  await app.close()
  return document
}

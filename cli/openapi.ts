import { buildApp } from '../app.js'
import { parseConfig, readEnvironment } from '../config.js'
import { asText, refuseWrong, type ServeFlags } from './serve.js'

/** Prints the OpenAPI document, without listening, and without a data file. */
export async function printOpenapi({ apis }: ServeFlags): Promise<void> {
  const given = asText({ apis })
  refuseWrong(given)
  const document = await generateOpenapi({ ...readEnvironment(), ...given })
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

/**
 * Generates the OpenAPI document without listening, and without a data file.
 * @param options settings, by their names in `Settings`
 * @throws ConfigError
 */
export async function generateOpenapi(options: {
  readonly [name: string]: unknown
}): Promise<object> {
  const app = await buildApp(parseConfig({ ...options, data: {}, logLevel: 'silent' }))
  await app.ready()
  const document = await app.openapi()
  await app.close()
  return document
}

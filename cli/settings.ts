import { ConfigError, flagOf, parseConfig, type Text } from '../config.js'
import { UsageError } from './say.js'

/** Settings by their names, as the command line has them, and what is no setting. */
export interface ServeFlags {
  readonly [setting: string]: string | boolean | undefined
  readonly dev?: boolean
  readonly watch?: boolean
}

/** Flags as the environment would have them: one without a value says `true`, and some say it of another setting. */
export function asText({ cors, quiet, ...flags }: ServeFlags): Text {
  const meant = {
    ...(cors === false ? { corsOrigin: 'none' } : {}),
    ...(quiet ? { logLevel: 'error' } : {}),
  }
  const given = Object.entries({ ...flags, ...meant }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
}

/**
 * What the environment sets wrongly is refused too, but is not the command's wrong usage.
 * @throws UsageError that calls the settings as the command does: `--port`
 */
export function refuseWrong(given: Text): void {
  try {
    parseConfig(given, flagOf)
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message) : error
  }
}

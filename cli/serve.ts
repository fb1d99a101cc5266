import { ConfigError, parseConfig, readEnvironment, type Text } from '../config.js'
import { serve } from '../server.js'
import { UsageError } from './say.js'

export interface ServeFlags {
  readonly port?: string
  readonly host?: string
  readonly apis?: string
  readonly strict?: boolean
  readonly dev?: boolean
  readonly dataFile?: string
}

/**
 * Serves until the process is told to stop.
 * @param dataFile comes before the flag of that name
 * @param settings what the command itself sets
 */
export async function serveData(
  dataFile: string | undefined,
  { dev = false, strict = false, ...flags }: ServeFlags,
  settings: Text = {},
): Promise<void> {
  const given = {
    ...flags,
    ...(strict ? { strict: 'true' } : {}),
    ...settings,
    ...(dataFile === undefined ? {} : { dataFile }),
  }
  refuseWrong(given)
  const options = { ...readEnvironment(), ...given }
  const config = parseConfig(options)
  if (dev) {
    const { develop } = await import('./dev.js')
    return develop(options)
  }
  endWithParent()
  await serve(config)
  // Where nobody listens any more, `endWithParent` sees to it.
  if (process.connected) process.send?.('listening', undefined, undefined, () => {})
}

/** Stops when the process ends that began this one with a channel between them, as `serve --dev` does. */
function endWithParent(): void {
  if (!process.send) return
  const stop = () => process.kill(process.pid, 'SIGTERM')
  process.once('disconnect', stop)
  // Nor does the channel keep it alive.
  process.channel?.unref()
  // It may have ended before anybody listened.
  if (!process.connected) stop()
}

/**
 * What the environment sets wrongly is refused too, but is not the command's wrong usage.
 * @throws UsageError that calls the settings as the command does: `--port`
 */
export function refuseWrong(given: Text): void {
  try {
    parseConfig(given, (name) => `--${name}`)
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message) : error
  }
}

import type { FastifyInstance } from 'fastify'
import { type Config, parseConfig, readEnvironment, type Text } from '../config.js'
import { isFolder } from '../plugins/http/pages.js'
import { serve } from '../server.js'
import { goOnWithoutOutput } from './output.js'
import { say, UsageError } from './say.js'
import { asText, refuseWrong, type ServeFlags } from './settings.js'

/** What a developer reads, unless it is said otherwise. */
const READABLE: Text = { logLevel: 'debug', logFormat: 'pretty' }

/**
 * Serves until the process is told to stop.
 * @param dataFile comes before the flag of that name
 * @param settings what the command itself sets
 */
export async function serveData(
  dataFile: string | undefined,
  { dev = false, watch = false, ...flags }: ServeFlags,
  settings: Text = {},
): Promise<void> {
  const given = asText({ ...flags, ...settings, ...(dataFile === undefined ? {} : { dataFile }) })
  refuseWrong(given)
  const options = {
    ...(dev ? READABLE : {}),
    ...(await publicFolder()),
    ...readEnvironment(),
    ...given,
    ...(dev ? { nodeEnv: 'development' } : {}),
  }
  const config = parseConfig(options)
  const isShared = config.database !== undefined
  if (watch && isShared) {
    throw new UsageError(
      '--watch starts anew from the data file, and a database keeps what it has: leave out one of them',
    )
  }
  if (watch || (dev && !isShared)) {
    return (await import('./watch.js')).serveWatching(options)
  }
  endWithParent()
  goOnWithoutOutput()
  const app = await serve(config)
  app.saves.on('saving', (digest) => tellParent({ saving: digest }))
  await offerSnapshots(app, config)
  tellParent('listening')
}

/** Where nobody listens any more, `endWithParent` sees to it. */
function tellParent(message: unknown): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

/** Writes the state when somebody types `s` and Enter, or the parent asks for it on their behalf. */
async function offerSnapshots(
  app: FastifyInstance,
  { database, snapshots }: Config,
): Promise<void> {
  if (app.own.collections.length === 0 || database !== undefined) return
  const { takeSnapshots, writeSnapshot } = await import('./snapshots.js')
  const folder = snapshots ?? '.'
  process.on('message', async (message) => {
    if (message === 'snapshot') say(await writeSnapshot(folder, await app.ownState()))
  })
  if (!process.stdin.isTTY && snapshots === undefined) return
  takeSnapshots(folder, app.ownState, process.stdin, say)
}

/** The folder that json-server takes too, where none is named. */
async function publicFolder(): Promise<Text> {
  return (await isFolder('public')) ? { static: 'public' } : {}
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

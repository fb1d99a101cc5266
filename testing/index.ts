/// <reference lib="esnext.disposable" preserve="true" />
import type { paths } from '../client/index.js'
import type { Options } from '../config.js'
import { check, controlOf } from './control.js'
import { Slipway, type SlipwayOptions } from './slipway.js'

export { SlipwayError } from './control.js'
export type { Slipway } from './slipway.js'
export type {
  Clock,
  Fault,
  FaultRule,
  JournalEntry,
  JournalRecord,
  RequestFilter,
  RequestMatch,
  Times,
  TokenOptions,
} from './types.js'
export type { ActiveFault, Workspace, World } from './world.js'

/**
 * Starts a server in this process, on a free port of this machine, without a log.
 * @typeParam Paths as openapi-typescript writes them of the server's document; of the shipped APIs without it
 * @param options those of `buildApp`: `data` or `dataFile`, and any setting
 * @throws what `buildApp` throws, or listening; SlipwayError where other machines would reach it, and it has no `controlToken`
 */
export async function startSlipway<Paths extends object = paths>(
  options: Options = {},
): Promise<Slipway<Paths>> {
  // Only here, since whoever connects to a server needs none of it.
  const { buildApp } = await import('../app.js')
  const { host = '127.0.0.1', port = 0, controlToken: token } = options
  const app = await buildApp({ logLevel: 'silent', ...options })
  const stop = () => app.close()
  try {
    return await checked<Paths>(await app.listen({ host, port }), { token, stop })
  } catch (error) {
    await stop()
    throw error
  }
}

export interface ConnectOptions {
  /** The server's `CONTROL_TOKEN`, where it has one. */
  readonly token?: string | undefined
}

/**
 * Connects to a server that runs elsewhere.
 * @typeParam Paths as openapi-typescript writes them of the server's document; of the shipped APIs without it
 * @param url the server's, such as `http://localhost:3000`
 * @throws SlipwayError where none answers, or none that can be steered from here
 */
export async function connect<Paths extends object = paths>(
  url: string,
  { token }: ConnectOptions = {},
): Promise<Slipway<Paths>> {
  return checked<Paths>(new URL(url).href, { token })
}

async function checked<Paths extends object>(
  url: string,
  options: SlipwayOptions,
): Promise<Slipway<Paths>> {
  const slipway = new Slipway<Paths>(url, options)
  await check(controlOf(slipway.url, options.token), slipway.url)
  return slipway
}

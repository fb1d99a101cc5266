import { join } from 'node:path'
import { filledOnce, installPackages } from '../npm.js'

/** The versions that Slipway is set beside, and what node starts of each. */
const SCRIPTS = { '0.17.4': 'lib/cli/bin.js', '1.0.0-beta.15': 'lib/bin.js' }
export type Version = keyof typeof SCRIPTS

/** json-server can't be had here. */
export class JsonServerMissing extends Error {}

/**
 * The script of json-server. It is fetched once, and stays in the user's cache.
 * @throws JsonServerMissing where npm can't install it
 */
export async function jsonServer(version: Version): Promise<string> {
  const name = `json-server@${version}`
  const kept = await filledOnce(`slipway-bench/json-server-${version}`, (folder) =>
    installPackages(folder, [name]),
  ).catch((cause) => {
    throw new JsonServerMissing(`${name} can't be installed`, { cause })
  })
  return join(kept, 'node_modules/json-server', SCRIPTS[version])
}

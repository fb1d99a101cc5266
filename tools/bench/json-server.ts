import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, installPackages } from '../npm.js'

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
  const cache = cacheFolder('slipway-bench')
  const kept = join(cache, `json-server-${version}`)
  if (!existsSync(kept)) await install(version, cache, kept)
  return join(kept, 'node_modules/json-server', SCRIPTS[version])
}

async function install(version: Version, cache: string, kept: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  const cwd = await mkdtemp(join(cache, 'npm-'))
  try {
    await installPackages(cwd, [`json-server@${version}`])
    await rename(cwd, kept)
  } catch (cause) {
    throw new JsonServerMissing(`json-server@${version} can't be installed`, { cause })
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}

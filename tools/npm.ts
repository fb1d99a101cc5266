import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const OPTIONS = '--no-audit --no-fund --prefer-offline --ignore-scripts --loglevel=error'.split(' ')

/** A folder in the user's cache, for what is too large to be a dependency. */
export function cacheFolder(name: string): string {
  const { XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env
  return join(XDG_CACHE_HOME, name)
}

/**
 * A folder in the user's cache that is filled once, and stays.
 * @param name a path in the cache, which changes with what the folder is filled with
 * @throws what filling it throws, and leaves nothing then
 */
export async function filledOnce(
  name: string,
  fill: (folder: string) => Promise<unknown>,
): Promise<string> {
  const kept = cacheFolder(name)
  if (existsSync(kept)) return kept
  await mkdir(dirname(kept), { recursive: true })
  const folder = await mkdtemp(join(dirname(kept), 'new-'))
  try {
    await fill(folder)
    await rename(folder, kept).catch((error) => {
      // Another process may have filled it in the meantime.
      if (!existsSync(kept)) throw error
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return kept
}

/**
 * Installs packages into a folder that has nothing else in it.
 * @param packages each with its version
 * @throws what npm says
 */
export async function installPackages(cwd: string, packages: readonly string[]): Promise<void> {
  await writeFile(join(cwd, 'package.json'), '{ "private": true }')
  // What a test runner has its processes do is not for this one.
  const env = { ...process.env, NODE_OPTIONS: '' }
  await run('npm', ['install', ...OPTIONS, ...packages], { cwd, env })
}

/**
 * Packages that the tests use, installed once.
 * @param name says what they are for
 * @param packages each with its version
 * @returns the folder that has their `node_modules`
 * @throws what npm says
 */
export async function installedOnce(name: string, packages: readonly string[]): Promise<string> {
  return filledOnce(nameFor(name, packages), (folder) => installPackages(folder, packages))
}

/** The name in the cache of a folder that the tests fill with packages: another one for others, or other versions. */
export function nameFor(name: string, packages: readonly string[]): string {
  const hash = createHash('sha256').update(packages.join()).digest('hex')
  return `slipway-tests/${name}-${hash.slice(0, 16)}`
}

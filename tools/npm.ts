import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const OPTIONS = '--no-audit --no-fund --prefer-offline --ignore-scripts --loglevel=error'.split(' ')

/** A folder in the user's cache, for what is too large to be a dependency. */
export function cacheFolder(name: string): string {
  const { XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env
  return join(XDG_CACHE_HOME, name)
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

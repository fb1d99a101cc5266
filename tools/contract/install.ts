import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = '.venv'
const REQUIREMENTS = 'tools/contract/requirements.txt'
/** A copy of what was installed last: there only once it is installed. */
const INSTALLED = join(FOLDER, 'requirements.txt')

/** There is no Python that Schemathesis runs on. */
export class PythonMissing extends Error {
  override readonly name = 'PythonMissing'
}

/**
 * Installs Schemathesis into a virtual environment of the project's, if it isn't there yet.
 * @returns the command's path
 * @throws PythonMissing
 */
export function install(): string {
  const command = join(FOLDER, 'bin', 'st')
  if (read(INSTALLED) === read(REQUIREMENTS)) return command
  const needed = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'
  if (spawnSync('python3', ['-c', needed]).status !== 0) {
    throw new PythonMissing('There is no python3 of version 3.11 or later, with venv')
  }
  rmSync(FOLDER, { recursive: true, force: true })
  execFileSync('python3', ['-m', 'venv', FOLDER], { stdio: 'inherit' })
  const pip = join(FOLDER, 'bin', 'pip')
  const options = ['--quiet', '--disable-pip-version-check', '--require-hashes']
  execFileSync(pip, ['install', ...options, '-r', REQUIREMENTS], { stdio: 'inherit' })
  copyFileSync(REQUIREMENTS, INSTALLED)
  return command
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jsonServer } from './json-server.js'
import { post } from './own-records.js'
import { folder, type Server, type StartOptions, startProgram } from './servers.js'

/** Slipway as users start it, and the two json-servers that people have. */
export const OWN_CONTENDERS = ['slipway', 'old', 'new'] as const
export type OwnContender = (typeof OWN_CONTENDERS)[number]

let copies = 0

/**
 * Writes a file with that many posts, and a comment on every tenth.
 * @returns its path
 */
export async function writePosts(fileName: string, records: number): Promise<string> {
  const posts = Array.from({ length: records }, (_, at) => post(at + 1))
  const comments = Array.from({ length: Math.ceil(records / 10) }, (_, at) => ({
    id: at + 1,
    text: `Comment ${at + 1}`,
    postId: at * 10 + 1,
  }))
  const path = join(folder, fileName)
  await writeFile(path, JSON.stringify({ posts, comments }, undefined, 2))
  return path
}

/** Starts one on a copy of a file, because json-server writes into its own, and waits for its first post. */
export async function startOwn(
  name: OwnContender,
  file: string,
  options: StartOptions = {},
): Promise<Server> {
  const copy = file.replace(/\.json$/, `-${copies++}.json`)
  await copyFile(file, copy)
  const command = await commandOf(name)
  return startProgram(
    {
      name,
      path: '/posts/1',
      argumentsAt: (port) => [...command, '--port', String(port), copy],
    },
    options,
  )
}

async function commandOf(name: OwnContender): Promise<string[]> {
  if (name === 'slipway') return ['dist/cli/main.js']
  // It logs each request otherwise, which Slipway doesn't here.
  if (name === 'old') return [await jsonServer('0.17.4'), '--quiet']
  return [await jsonServer('1.0.0-beta.15')]
}

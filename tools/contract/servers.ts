import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../bench/port.js'

/** Tells the schemas of the servers on a database apart. */
let schemas = 0

/** How often a starting server is asked, in milliseconds. */
const POLL = 50

/** A server in a process of its own, as users start it. */
export interface Server {
  readonly url: string
  /** Ends it. @returns what it has logged: warnings, and errors such as the cause of a 500 */
  readonly stop: () => Promise<string>
}

/**
 * Starts a server and waits until it answers.
 * @param options its data file and settings, as on the command line
 * @param database where it has a schema of its own
 * @throws when it ends
 */
export async function startServer(
  options: readonly string[] = [],
  database?: string | undefined,
): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const command = ['dist/cli/main.js', ...options, '--port', String(port)]
  const child = spawn(process.execPath, command, {
    env: {
      PATH: process.env.PATH,
      // Guessing passwords is part of the test.
      LOGIN_LIMIT: '0',
      MAX_WORKSPACES: '100000',
      LOG_LEVEL: 'warn',
      ...(database && { DATABASE_URL: database, DATABASE_SCHEMA: `contract_${schemas++}` }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let log = ''
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
  }
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`The server ended: ${log}`)
    await setTimeout(POLL)
  }
  return {
    url,
    stop: async () => {
      process.off('exit', kill)
      await end(child)
      return log
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'close')
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok
  } catch {
    return false
  }
}

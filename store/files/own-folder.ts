import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { hasCode, StorageFailure } from '../errors.js'

/**
 * Stands for this machine in a folder's name. Machines that share a folder don't see each other's processes, so each may sweep
 * only what its own left.
 */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 12)

const FOLDER_NAME = /^slipway-([0-9a-f]{12})-([0-9]+)-[A-Za-z0-9]{6}$/

/**
 * The socket in a folder at which its owner listens, until it ends in whatever way. A process's id says little: in a container
 * it is 1, of this process and of the one before it.
 */
export const LOCK = 'owner'

/** How long the path of a socket can be, in bytes, on any system; libuv would cut off the rest. */
const MAX_SOCKET_PATH = 103

/** A folder that only this user can enter, and that lasts as long as the process. One that has gone is made again. */
export class OwnFolder {
  /** Where it is made. */
  readonly parent: string
  #path: string | undefined
  #lock: Server | undefined
  #making: Promise<string> | undefined
  /** Whether it has been there: then its parent is made again too. */
  #hasBeen = false

  constructor(parent: string) {
    this.parent = parent
  }

  /** Where it is, or was last; the parent where it never was. */
  get path(): string {
    return this.#path ?? this.parent
  }

  get isMade(): boolean {
    return this.#path !== undefined
  }

  /**
   * Makes the folder.
   * @param gone the one that was there and is no more
   * @returns where it is: another than `gone`
   * @throws StorageFailure
   */
  async make(gone?: string): Promise<string> {
    if (this.#path !== undefined && this.#path !== gone) return this.#path
    // For all that ask meanwhile.
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /** Deletes it. What can't be deleted is left to a later sweep. */
  async remove(): Promise<void> {
    await this.#making?.catch(() => {})
    await this.#unlock()
    if (this.#path !== undefined) await rmQuietly(this.#path)
  }

  async #make(): Promise<string> {
    try {
      if (this.#hasBeen) await mkdir(this.parent, { recursive: true })
      const path = await mkdtemp(join(this.parent, `slipway-${HOST}-${process.pid}-`))
      // mkdtemp gives this mode less what the umask takes away, which could be the owner's own rights.
      await chmod(path, 0o700)
      await this.#unlock()
      this.#lock = await listenAt(join(path, LOCK))
      this.#path = path
      this.#hasBeen = true
      return path
    } catch (error) {
      throw new StorageFailure(this.parent, error)
    }
  }

  async #unlock(): Promise<void> {
    const lock = this.#lock
    this.#lock = undefined
    if (lock) await new Promise((resolve) => lock.close(resolve))
  }
}

/** Deletes the folders of this machine's killed processes. What it can't read or delete it leaves to a later sweep. */
export async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const [, host, pid] = FOLDER_NAME.exec(name) ?? []
    if (host !== HOST) continue
    const path = join(parent, name)
    try {
      // Not stat: a link would have another folder deleted in its place.
      const stats = await lstat(path)
      const isOwn = stats.isDirectory() && stats.uid === (process.geteuid?.() ?? stats.uid)
      if (isOwn && (await isAbandoned(path, Number(pid)))) await rmQuietly(path)
    } catch {
      // Another process may sweep the same folder now.
    }
  }
}

/** Listens where the file system takes a socket; where it takes none, the process's id has to do. */
async function listenAt(path: string): Promise<Server | undefined> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) return undefined
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined))
    server.listen(path, () => resolve(server.unref()))
  })
}

/** Whether nobody owns a folder any more. */
async function isAbandoned(path: string, pid: number): Promise<boolean> {
  const lock = join(path, LOCK)
  if (Buffer.byteLength(lock) > MAX_SOCKET_PATH) return !isAlive(pid)
  return new Promise((resolve) => {
    const socket = connect(lock)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error) => {
      const hasLock = !hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTSOCK')
      resolve(hasLock ? hasCode(error, 'ECONNREFUSED') : !isAlive(pid))
    })
  })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Any other refusal doesn't mean that there is no such process: it could be another user's.
    return !hasCode(error, 'ESRCH')
  }
}

async function rmQuietly(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {})
}

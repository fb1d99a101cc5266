import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { ForkableStore, Store } from '../../store/collections.js'
import { errors } from '../http/errors.js'
import { World } from './world.js'

export interface WorldsOptions {
  /** How many workspaces there are at most. */
  readonly maxWorkspaces: number
  /** How long one stays that nobody uses, in milliseconds. */
  readonly workspaceTtl: number
}

/** A workspace, and who uses it. */
export interface Workspace {
  readonly world: World
  /** How long it stays when nobody uses it, in milliseconds. */
  readonly ttl: number
  /** How many requests have come. */
  readonly requests: number
  /** When it goes, if nobody uses it until then: milliseconds since 1970. */
  readonly expires: number
}

/** The longest that a timer of Node's can be set to, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1

/** The server's own world, and the workspaces beside it: each begins as the server did, when it is first asked for. */
export class Worlds {
  /** The one of requests that name no workspace. */
  readonly own: World
  readonly #seed: ForkableStore | undefined
  readonly #options: WorldsOptions
  /** Tells of each workspace that is made, and of each world that has become another state. */
  readonly events = new EventEmitter<{ readonly state: [world: World] }>()
  readonly #workspaces = new Map<string, Promise<UsedWorkspace>>()
  #isOver = false

  /** @param seed the state of the start, where there can be others beside it: nobody writes to it */
  constructor(own: Store, seed: ForkableStore | undefined, options: WorldsOptions) {
    this.own = this.#watched(new World(undefined, own, seed))
    this.#seed = seed
    this.#options = options
  }

  get size(): number {
    return this.#workspaces.size
  }

  /**
   * Enters a workspace, which is made if it isn't there.
   * @throws 501 where there can be none, 503 when there are too many
   */
  async enter(name: string): Promise<UsedWorkspace> {
    const workspace = await (this.#workspaces.get(name) ?? this.#add(name))
    workspace.enter()
    return workspace
  }

  /**
   * Makes a workspace.
   * @param ttl how long it stays when nobody uses it, in milliseconds
   * @throws 409 when it is there, 503 when there are too many
   */
  async create(name = newName(), ttl?: number): Promise<Workspace> {
    if (this.#workspaces.has(name)) throw errors.workspaceTaken(name)
    return this.#add(name, ttl)
  }

  async list(): Promise<readonly Workspace[]> {
    return Promise.all(this.#workspaces.values())
  }

  /**
   * Ends a workspace.
   * @returns whether it was there
   */
  async drop(name: string): Promise<boolean> {
    const workspace = this.#workspaces.get(name)
    this.#workspaces.delete(name)
    await (await workspace)?.close()
    return workspace !== undefined
  }

  async close(): Promise<void> {
    this.#isOver = true
    for (const name of [...this.#workspaces.keys()]) await this.drop(name)
  }

  #add(name: string, ttl = this.#options.workspaceTtl): Promise<UsedWorkspace> {
    const seed = this.#seed
    if (!seed) throw errors.memoryNeeded('workspaces')
    if (this.#isOver || this.#workspaces.size >= this.#options.maxWorkspaces) {
      throw errors.tooManyWorkspaces(this.#options.maxWorkspaces)
    }
    const made = this.#make(seed, name, ttl)
    this.#workspaces.set(name, made)
    made.catch(() => this.#workspaces.delete(name))
    return made
  }

  #watched(world: World): World {
    world.events.on('reset', () => this.events.emit('state', world))
    return world
  }

  async #make(seed: ForkableStore, name: string, ttl: number): Promise<UsedWorkspace> {
    const world = this.#watched(new World(name, await seed.fork(), seed))
    this.events.emit('state', world)
    return new UsedWorkspace(world, ttl, async () => {
      await this.drop(name)
    })
  }
}

/** A workspace that goes once nobody has used it for long enough. */
export class UsedWorkspace implements Workspace {
  readonly world: World
  readonly ttl: number
  requests = 0
  readonly #drop: () => Promise<void>
  #timer: NodeJS.Timeout
  /** How many requests are under way. */
  #inside = 0
  /** By a clock that nobody sets: milliseconds. */
  #usedAt = performance.now()

  constructor(world: World, ttl: number, drop: () => Promise<void>) {
    this.world = world
    this.ttl = ttl
    this.#drop = drop
    this.#timer = this.#startTimer(ttl)
  }

  get expires(): number {
    return Date.now() + this.#left
  }

  enter(): void {
    this.requests++
    this.#inside++
  }

  leave(): void {
    this.#inside--
    this.#usedAt = performance.now()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.world.close()
  }

  get #left(): number {
    return this.#inside > 0 ? this.ttl : Math.max(0, this.#usedAt + this.ttl - performance.now())
  }

  #startTimer(time: number): NodeJS.Timeout {
    const whenOver = () => {
      if (this.#left > 0) this.#timer = this.#startTimer(this.#left)
      // What goes wrong with its files has been told already.
      else this.#drop()
    }
    return setTimeout(whenOver, Math.min(Math.ceil(time), LONGEST_TIMER)).unref()
  }
}

function newName(): string {
  return `w-${randomBytes(6).toString('hex')}`
}

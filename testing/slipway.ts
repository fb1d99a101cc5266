import type { SecurityDocument } from '../client/carriers.js'
import type { paths } from '../client/index.js'
import { type Control, controlOf, dataOf, done, SlipwayError, unexpected } from './control.js'
import { Workspace, World } from './world.js'

export interface SlipwayOptions {
  /** The server's `CONTROL_TOKEN`. */
  readonly token?: string | undefined
  /** Stops the server, where it is ours. */
  readonly stop?: () => Promise<void>
}

/**
 * A server, and a world of its own for each test.
 * @typeParam Paths as openapi-typescript writes them of the server's document; of the shipped APIs without it
 */
export class Slipway<Paths extends object = paths> implements AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string
  /** The server's own world: of all requests that name no workspace. */
  readonly world: World<Paths>
  readonly #token: string | undefined
  readonly #stop: () => Promise<void>
  readonly #control: Control
  /** Those that are to be dropped yet. */
  readonly #workspaces = new Set<Workspace<Paths>>()
  #document: Promise<SecurityDocument> | undefined
  #closed: Promise<void> | undefined

  constructor(url: string, { token, stop }: SlipwayOptions = {}) {
    this.url = url.replace(/\/+$/, '')
    this.#token = token
    this.#stop = stop ?? (() => this.#dropAll())
    this.#control = controlOf(this.url, token)
    this.world = new World(this.url, this.#around(this.#control))
  }

  /**
   * Makes a workspace: it begins as the server did.
   * @param name a new one without it
   */
  async workspace(name?: string): Promise<Workspace<Paths>> {
    const body = name === undefined ? {} : { name }
    const made = await dataOf(this.#control.POST('/__slipway/workspaces', { body }))
    const url = `${this.url}/~${made.name}`
    const around = this.#around(controlOf(url, this.#token))
    const workspace: Workspace<Paths> = new Workspace(made.name, url, around, () =>
      this.#drop(workspace),
    )
    this.#workspaces.add(workspace)
    return workspace
  }

  /** Stops the server that was started; of one that runs elsewhere it drops the workspaces that were made. */
  async close(): Promise<void> {
    this.#closed ??= this.#stop()
    await this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #around(control: Control) {
    return { control, document: () => this.#documentOnce() }
  }

  async #drop(workspace: Workspace<Paths>): Promise<void> {
    // With the server all its workspaces are gone.
    if (this.#closed || !this.#workspaces.delete(workspace)) return
    await this.#remove(workspace)
  }

  async #dropAll(): Promise<void> {
    await Promise.all([...this.#workspaces].map((workspace) => this.#remove(workspace)))
    this.#workspaces.clear()
  }

  async #remove({ name }: Workspace<Paths>): Promise<void> {
    const params = { path: { name } }
    await done(this.#control.DELETE('/__slipway/workspaces/{name}', { params })).catch((error) => {
      // It goes by itself too, when nobody has used it for long enough.
      if (!(error instanceof SlipwayError && error.status === 404)) throw error
    })
  }

  #documentOnce(): Promise<SecurityDocument> {
    this.#document ??= this.#fetchDocument()
    return this.#document
  }

  async #fetchDocument(): Promise<SecurityDocument> {
    const response = await fetch(`${this.url}/openapi.json`)
    if (!response.ok) throw unexpected(this.url, { status: response.status })
    return JSON.parse(await response.text())
  }
}

import type { SecurityDocument } from '../client/carriers.js'
import { createClient, type paths, type SlipwayClient } from '../client/index.js'
import { type Control, dataOf, done } from './control.js'
import {
  asText,
  type Clock,
  type Fault,
  type FaultRule,
  type JournalEntry,
  type JournalRecord,
  type RequestFilter,
  type RequestMatch,
  type Times,
  type TokenOptions,
} from './types.js'

/** What a world has of its server. */
export interface Surroundings {
  readonly control: Control
  /** The server's OpenAPI document, which says where tokens go. */
  readonly document: () => Promise<SecurityDocument>
}

/** A fault that is in force. */
export interface ActiveFault extends AsyncDisposable {
  readonly id: string
  /** How often it has fired; 0 too where something else has removed it. */
  fired(): Promise<number>
  remove(): Promise<void>
}

/** What one test sees, and steers: the server's own world, or a workspace. */
export class World<Paths extends object = paths> {
  /** What the code under test is given as the server's address. */
  readonly url: string
  /** A client that isn't logged in. */
  readonly client: SlipwayClient<Paths>
  protected readonly control: Control
  readonly #document: () => Promise<SecurityDocument>

  constructor(url: string, { control, document }: Surroundings) {
    this.url = url
    this.client = createClient<Paths>({ baseUrl: url })
    this.control = control
    this.#document = document
  }

  /** A client that is logged in. */
  async clientAs(username: string, options?: TokenOptions): Promise<SlipwayClient<Paths>> {
    const [token, document] = await Promise.all([this.token(username, options), this.#document()])
    return createClient<Paths>({ baseUrl: this.url, token, document })
  }

  /** Puts everything back as at the start; snapshots stay. */
  async reset(): Promise<void> {
    await done(this.control.POST('/__slipway/reset'))
  }

  /**
   * All data, as a data file has it.
   * @typeParam Data its type: of your own collections `slipway types` prints one
   */
  async state<Data extends object = Record<string, unknown>>(): Promise<Data>
  // An overload, since what is in the data is known to who asks.
  async state(): Promise<object> {
    return dataOf(this.control.GET('/__slipway/state'))
  }

  /** Puts other data in place of all there is. */
  async setState(data: object): Promise<void> {
    await done(this.control.PUT('/__slipway/state', { body: { ...data } }))
  }

  /** Keeps everything as it is now, under a name. */
  async snapshot(name: string): Promise<void> {
    await done(this.control.POST('/__slipway/snapshots', { body: { name } }))
  }

  /** Puts everything back as a snapshot has it, which stays. */
  async restore(name: string): Promise<void> {
    const params = { path: { name } }
    await done(this.control.POST('/__slipway/snapshots/{name}/restore', { params }))
  }

  /** Has requests fail, or wait, from now on. */
  async fault(rule: FaultRule): Promise<ActiveFault> {
    const { id } = await dataOf(this.control.POST('/__slipway/faults', { body: rule }))
    const remove = async () => {
      await done(this.control.DELETE('/__slipway/faults/{id}', { params: { path: { id } } }))
    }
    const fired = async () => (await this.faults()).find((each) => each.id === id)?.fired ?? 0
    return { id, fired, remove, [Symbol.asyncDispose]: remove }
  }

  /** The faults in force, with how often each has fired. */
  async faults(): Promise<Fault[]> {
    return dataOf(this.control.GET('/__slipway/faults'))
  }

  /** The requests that have come, newest first. `{ problem: true }` gives those that broke the OpenAPI document. */
  async requests({ status, problem, ...others }: RequestFilter = {}): Promise<JournalEntry[]> {
    const query = { ...others, ...asText({ status, problem }) }
    return dataOf(this.control.GET('/__slipway/requests', { params: { query } }))
  }

  /** A request whole: with the headers and the bodies. */
  async request(id: JournalEntry['id']): Promise<JournalRecord> {
    return dataOf(this.control.GET('/__slipway/requests/{id}', { params: { path: { id } } }))
  }

  /**
   * Asserts that such requests have come.
   * @param times at least once without it
   * @throws SlipwayError that tells of the requests that come nearest
   */
  async verify(match: RequestMatch, times: Times = { atLeast: 1 }): Promise<void> {
    const { status, problem, ...others } = match
    const count = typeof times === 'number' ? { exactly: times } : times
    const body = { match: { ...others, ...asText({ status, problem }) }, count }
    await done(this.control.POST('/__slipway/requests/verify', { body }))
  }

  /** A token of a user's, without a login. */
  async token(username: string, options: TokenOptions = {}): Promise<string> {
    const body = { username, ...options }
    return (await dataOf(this.control.POST('/__slipway/tokens', { body }))).token
  }

  /**
   * What time it is here.
   * @param offset moves it to so far from the real time, such as `+20m` or `-1h`
   */
  async clock(offset?: string): Promise<Clock> {
    return dataOf(
      offset === undefined
        ? this.control.GET('/__slipway/clock')
        : this.control.PUT('/__slipway/clock', { body: { offset } }),
    )
  }
}

/** A world beside the others of its server, which begins as the server did. */
export class Workspace<Paths extends object = paths>
  extends World<Paths>
  implements AsyncDisposable
{
  readonly name: string
  readonly #drop: () => Promise<void>

  constructor(name: string, url: string, surroundings: Surroundings, drop: () => Promise<void>) {
    super(url, surroundings)
    this.name = name
    this.#drop = drop
  }

  /** Ends it, with all that is in it. */
  async drop(): Promise<void> {
    await this.#drop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drop()
  }
}

import { createClient, type SlipwayClient } from '../client/index.js'

/** The server has refused what a test asked of it, or there is none. */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError'
  /** The answer's status; undefined where there was none. */
  readonly status: number | undefined
  /** What the answer says; undefined where there was none. */
  readonly body: unknown

  constructor(message: string, options: SlipwayErrorOptions = {}) {
    super(message, options)
    this.status = options.status
    this.body = options.body
  }
}

interface SlipwayErrorOptions extends ErrorOptions {
  readonly status?: number
  readonly body?: unknown
}

/** Calls what steers a world. */
export type Control = SlipwayClient

/**
 * @param url the world's
 * @param token the server's `CONTROL_TOKEN`
 */
export function controlOf(url: string, token: string | undefined): Control {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const control = createClient({ baseUrl: url, headers })
  control.use({
    onError: ({ error, request }) =>
      new SlipwayError(`No answer from ${request.url}: ${reasonOf(error)}`, { cause: error }),
  })
  return control
}

interface Answer<Data> {
  readonly data?: Data
  readonly error?: unknown
  readonly response: Response
}

/**
 * What a call gives.
 * @throws SlipwayError with what the server says, where it refuses
 */
export async function dataOf<Data>(call: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, response } = await done(call)
  if (data === undefined || data === null) throw unexpected(response.url)
  return data
}

/** The same of a call that gives nothing. */
export async function done<Data>(call: Promise<Answer<Data>>): Promise<Answer<Data>> {
  const answer = await call
  const { error: body, response } = answer
  if (response.ok) return answer
  const { status, url } = response
  const text = textOf(body)
  if (text === undefined) throw unexpected(url, { status })
  throw new SlipwayError(`${status}: ${text}`, { status, body })
}

/**
 * Finds out whether there is a Slipway, which can be steered.
 * @throws SlipwayError
 */
export async function check(control: Control, url: string): Promise<void> {
  const { version } = await dataOf(control.GET('/__slipway')).catch((error: unknown) => {
    // What a page of something else is to who expects JSON.
    if (error instanceof SyntaxError) throw unexpected(url, { cause: error })
    const { status, body } = Object(error)
    if (status !== 404 || body === undefined) throw error
    throw new SlipwayError(`${url} can't be steered: ${WITHOUT_CONTROL}`, { status, cause: error })
  })
  if (typeof version !== 'string') throw unexpected(url)
}

const WITHOUT_CONTROL =
  'other machines reach it, or NODE_ENV is production, and it has no CONTROL_TOKEN'

/** Something answers, and nothing that Slipway would. */
export function unexpected(url: string, options?: SlipwayErrorOptions): SlipwayError {
  return new SlipwayError(`What answers at ${url} is no Slipway`, options)
}

/** The message of an error in Slipway's shape, and below it those of its details that aren't in it already. */
function textOf(body: unknown): string | undefined {
  const { message, details = [] } = Object(body)
  if (typeof message !== 'string') return undefined
  const others = [...details].filter((detail) => !message.includes(detail.message))
  return [message, ...others.map((detail) => `- ${detail.path} ${detail.message}`)].join('\n')
}

/** Why nothing answers: `fetch` says that in the cause of its error. */
function reasonOf(error: unknown): string {
  const { cause = error } = Object(error)
  return Object(cause).message || Object(cause).code || String(cause)
}

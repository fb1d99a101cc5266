import { setTimeout as wait } from 'node:timers/promises'

/** What a server answers when there is too much for it, as the README says. */
const DOCUMENTED: ReadonlySet<number> = new Set([503, 507])

/** What a fault of the soak answers with, so that it can be told from the server's own. */
export const FAULTED = 502

/** What all have been answered. */
export class Tally {
  /** How often each status came, and `none` where a connection ended without one. */
  readonly statuses = new Map<number | 'none', number>()
  /** Answers of 5xx that no document has. */
  readonly undocumented: string[] = []

  note(status: number | 'none', what: string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    if (typeof status !== 'number' || status < 500 || DOCUMENTED.has(status)) return
    if (status === FAULTED && what.includes(FAULTY)) return
    this.undocumented.push(`${status} ${what}`)
  }
}

/** The workspace whose requests go wrong on purpose. */
export const FAULTY = '/~faulty'

export interface Call extends Omit<RequestInit, 'body' | 'headers'> {
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly body?: NonNullable<RequestInit['body']>
}

/** What an actor calls the server with, until the time is over. */
export class Client {
  readonly url: string
  readonly tally: Tally
  /** Aborts when the time is over. */
  readonly over: AbortSignal

  constructor(url: string, tally: Tally, over: AbortSignal) {
    this.url = url
    this.tally = tally
    this.over = over
  }

  /**
   * Sends a request.
   * @returns the answer, with its body read; undefined where the connection ended before there was one
   */
  async call(method: string, path: string, call: Call = {}): Promise<Answer | undefined> {
    const { token, headers = {}, json, body, signal, ...rest } = call
    const what = `${method} ${path}`
    try {
      const response = await fetch(this.url + path, {
        ...rest,
        method,
        signal: signal ? AbortSignal.any([signal, this.over]) : this.over,
        headers: {
          ...headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}`, token }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(body === undefined ? {} : { body }),
      })
      this.tally.note(response.status, what)
      return { status: response.status, body: await response.text() }
    } catch {
      if (!this.over.aborted) this.tally.note('none', what)
      return undefined
    }
  }

  /** Logs in. @returns no token where that was refused */
  async logIn(username: string, password: string): Promise<string | undefined> {
    const answer = await this.call('POST', '/auth/login', { json: { username, password } })
    return fieldsOf(answer).access_token
  }

  /** Waits, or until the time is over. In milliseconds. */
  async pause(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: this.over }).catch(() => {})
  }
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** The texts and numbers of an answer that is a JSON object, as texts. */
export function fieldsOf(answer: Answer | undefined): Record<string, string> {
  try {
    const fields = Object.entries(Object(JSON.parse(answer?.body ?? '')))
    return Object.fromEntries(fields.map(([name, value]) => [name, String(value)]))
  } catch {
    return {}
  }
}

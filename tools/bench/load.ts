import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A request as it is sent. */
export interface Request {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A request with a token, where there is one, and a body in JSON, where there is one: then it posts. */
export function requestTo(url: string, token?: string, body?: string): Request {
  return {
    url,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { method: 'POST', body } : {}),
  }
}

/** Enough to keep a server busy. */
export const CONNECTIONS = 16

/**
 * Sends requests over some connections, over each as soon as it has the last answer. By bare sockets: a client that
 * takes as long for a request as the server does would leave the server idle, and measure itself.
 */
export class Load {
  readonly #next: () => string
  readonly #sockets: readonly Socket[]

  /**
   * @param url of the server, or of anything that it has
   * @param request the one that is sent again and again, or what makes each in turn
   */
  constructor(url: string, request: Request | (() => Request)) {
    this.#next = typeof request === 'function' ? () => textOf(request()) : constant(textOf(request))
    const { hostname, port } = new URL(url)
    this.#sockets = Array.from({ length: CONNECTIONS }, () => connect(Number(port), hostname))
  }

  /**
   * Sends that many, and resolves when they are answered. An answer that is anything but 2xx ends the process.
   */
  async run(amount: number): Promise<void> {
    let left = amount
    const use = (socket: Socket) =>
      new Promise<void>((resolve, reject) => {
        let request = ''
        const fail = () => reject(new Error(`There is no answer to ${request}`))
        const next = () => {
          if (left === 0) {
            socket.off('data', take).off('close', fail)
            return resolve()
          }
          left -= 1
          request = this.#next()
          socket.write(request)
        }
        let missing = 0
        const take = (bytes: Buffer) => {
          missing = (missing || lengthOf(bytes)) - bytes.length
          if (missing === 0) next()
        }
        socket.on('data', take).on('close', fail)
        if (socket.destroyed) fail()
        else next()
      })
    await Promise.all(this.#sockets.map(use))
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => once(socket.end(), 'close')))
  }
}

function constant(text: string): () => string {
  return () => text
}

/** As it goes over the wire. */
function textOf({ url, method = 'GET', headers = {}, body = '' }: Request): string {
  const { host, pathname, search } = new URL(url)
  const fields = Object.entries({ host, ...headers, 'content-length': body.length })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines}\r\n${body}`
}

/** How many bytes an answer has that begins with these, among them its whole head. */
function lengthOf(bytes: Buffer): number {
  const head = bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n') + 4)
  const [, status] = /^HTTP\/1\.1 (2\d\d) /.exec(head) ?? []
  const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(head) ?? []
  // Thrown where nothing catches it: a server that refuses is the end of the run.
  if (status === undefined || length === undefined) throw new Error(`The answer is ${head}`)
  return head.length + Number(length)
}

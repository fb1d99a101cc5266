import { connect, type Socket } from 'node:net'
import type { Actor } from './actors.js'
import type { Client } from './client.js'

/** Opens a connection that is gone when the time is over, and notes what is answered there. */
function open({ url, tally, over }: Client, what: string): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const end = () => socket.destroy()
  if (over.aborted) end()
  over.addEventListener('abort', end, { once: true })
  socket.on('error', () => {})
  socket.once('close', () => over.removeEventListener('abort', end))
  socket.once('data', (data) => {
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(String(data.subarray(0, 16))) ?? []
    tally.note(status === undefined ? 'none' : Number(status), what)
  })
  return socket
}

/** Resolves with an event, whether or not something goes wrong before it. */
function told(socket: Socket, event: 'data' | 'close'): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once(event, () => resolve())
  })
}

/** What is no request, or is none that can be taken. */
const MALFORMED: Readonly<Record<string, string>> = {
  'no JSON': `${request('POST /register', 'content-type: application/json', 'content-length: 5')}{"a":`,
  'no UTF-8': `${request('POST /register', 'content-type: application/json', 'content-length: 3')}"\xff"`,
  'deep JSON': `${request('POST /register', 'content-type: application/json', 'content-length: 9999')}${'['.repeat(9999)}`,
  'no form': `${request('POST /api/v1/packages', 'content-type: multipart/form-data; boundary=a', 'content-length: 9')}--b\r\n\r\n--`,
  'no chunk': `${request('POST /register', 'content-type: application/json', 'transfer-encoding: chunked')}zz\r\n`,
  'no host': 'GET /api/ships HTTP/1.1\r\n\r\n',
  'no request': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'two lengths': request('POST /register', 'content-length: 1', 'content-length: 2'),
  'a long target': request(`GET /${'a'.repeat(20_000)}`),
  'a name that is none': request('GET /api/ships/%ff'),
}

function request(line: string, ...headers: string[]): string {
  return [`${line} HTTP/1.1`, 'host: localhost', ...headers, '', ''].join('\r\n')
}

/** Those who don't. */
export const RUDE: Readonly<Record<string, Actor>> = {
  malformed: async (client) => {
    for (const [what, text] of Object.entries(MALFORMED)) {
      const socket = open(client, what)
      socket.end(Buffer.from(text, 'latin1'))
      await told(socket, 'close')
    }
  },

  aborted: async (client) => {
    const signal = AbortSignal.timeout(1 + Math.floor(Math.random() * 20))
    const body = 'a'.repeat(500_000)
    const headers = { 'content-type': 'application/json' }
    await client.call('POST', '/register', { signal, body, headers })
    await client.pause(50)
  },

  'half-sent heads': async (client) => {
    const sockets = Array.from({ length: 10 }, () => open(client, 'half a head'))
    for (const socket of sockets) socket.write('GET /api/ships HTTP/1.1\r\nHost: local')
    await client.pause(2_000)
    for (const socket of sockets) socket.destroy()
    // One goes on until the server has enough of it.
    const last = open(client, 'half a head')
    last.write('GET /')
    await told(last, 'close')
  },

  'half-sent bodies': async (client) => {
    const socket = open(client, 'half a body')
    const head = ['content-type: application/json', 'content-length: 1000']
    socket.write(`${request('POST /register', ...head)}{"username":`)
    await client.pause(200)
    socket.destroy()
  },

  'slow readers': async (client) => {
    const socket = open(client, 'the document')
    socket.write(request('GET /openapi.json').repeat(50))
    await Promise.race([told(socket, 'data'), told(socket, 'close')])
    socket.pause()
    await client.pause(3_000)
    socket.destroy()
  },
}

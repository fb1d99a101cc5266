import { randomUUID } from 'node:crypto'
import { THEN } from '../../plugins/faults/rule.js'
import { type Client, FAULTED, FAULTY, fieldsOf } from './client.js'

/** What one does again and again, until the time is over. */
export type Actor = (client: Client) => Promise<void>

const CONTROL = '/__slipway'

/** So large that a client has to read it in many pieces. */
const LARGE = Buffer.alloc(2 ** 20, 'content ')

function form(name: string, content: Buffer<ArrayBuffer>): FormData {
  const fields = new FormData()
  fields.set('package_name', name)
  fields.set('tag', '1.0.0')
  fields.set('file', new Blob([content]), 'file.bin')
  return fields
}

/** Uses a workspace of its own, and takes it away. */
async function inWorkspace(client: Client, use: (base: string) => Promise<void>): Promise<void> {
  const { name } = fieldsOf(await client.call('POST', `${CONTROL}/workspaces`, { json: {} }))
  if (name === undefined) return
  await use(`/~${name}`)
  await client.call('DELETE', `${CONTROL}/workspaces/${name}`)
}

/** Those who mean well. */
export const ACTORS: Readonly<Record<string, Actor>> = {
  reads: async (client) => {
    for (const path of ['/api/ships', '/api/ships/1', '/articles?page=2', '/users/1', '/'])
      await client.call('GET', path)
    await client.call('HEAD', '/openapi.json')
  },

  writes: async (client) => {
    const token = await client.logIn('user', 'password')
    if (token === undefined) return
    const json = { manufacturer: 'Yards', model: `Tender ${randomUUID()}` }
    for (let count = 0; count < 20; count++) {
      const { id } = fieldsOf(await client.call('POST', '/api/ships', { token, json }))
      await client.call('PATCH', `/api/ships/${id}`, { token, json: { model: 'Tug' } })
      if (count % 4 > 0) await client.call('DELETE', `/api/ships/${id}`, { token })
    }
  },

  logins: async (client) => {
    const token = await client.logIn('guest', 'guest')
    await client.call('DELETE', '/auth/logout', { token: token ?? '' })
    await client.logIn('user', 'wrong')
    await client.logIn(randomUUID(), 'wrong')
    await client.call('POST', '/auth/refresh', { token: 'forged.forged.forged' })
  },

  registrations: async (client) => {
    const json = { username: randomUUID(), password: randomUUID() }
    await client.call('POST', '/register', { json })
    await client.call('POST', '/api/v1/user/add', { json })
  },

  files: async (client) => {
    const token = await client.logIn('user', 'password')
    if (token === undefined) return
    const name = randomUUID()
    const content = Buffer.from(LARGE)
    content.write(name)
    await client.call('POST', '/api/v1/packages', { token, body: form(name, content) })
    const path = `/api/v1/${name}/1.0.0`
    await client.call('GET', path, { token })
    for (const range of ['bytes=0-99', 'bytes=-1', 'bytes=9999999-', 'bytes=0-1,5-9'])
      await client.call('GET', path, { token, headers: { range } })
    await client.call('DELETE', `/api/v1/${name}`, { token })
  },

  documents: async (client) => {
    const token = await client.logIn('guest', 'guest')
    if (token === undefined) return
    const json = { title: `Plan ${randomUUID()}`, text: 'word '.repeat(2000) }
    const { id: dmp } = fieldsOf(await client.call('POST', '/dmps', { token, json }))
    const { id } = fieldsOf(await client.call('POST', '/tasks', { token, json: { dmp } }))
    let task: Record<string, string> = { status: 'pending' }
    while (task.status === 'pending' && !client.over.aborted) {
      await client.pause(100)
      task = fieldsOf(await client.call('GET', `/tasks/${id}`, { token }))
    }
    if (task.url_pdf)
      await client.call('GET', new URL(task.url_pdf, client.url).pathname, { token })
    await client.call('DELETE', `/dmps/${dmp}`, { token })
  },

  workspaces: (client) =>
    inWorkspace(client, async (base) => {
      await client.call('GET', `${base}/api/ships`)
      const json = { username: 'ada', password: randomUUID() }
      await client.call('POST', `${base}/register`, { json })
      await client.call('GET', `${base}/users/1`)
    }),

  snapshots: (client) =>
    inWorkspace(client, async (base) => {
      const at = `${base}${CONTROL}`
      await client.call('POST', `${at}/snapshots`, { json: { name: 'one' } })
      await client.call('POST', `${base}/register`, {
        json: { username: 'ada', password: 'secret' },
      })
      await client.call('POST', `${at}/snapshots/one/restore`)
      await client.call('GET', `${at}/state`)
      await client.call('POST', `${at}/reset`)
      await client.call('DELETE', `${at}/snapshots/one`)
    }),

  resets: async (client) => {
    await client.pause(5_000)
    await client.call('POST', `${CONTROL}/reset`)
    await client.call('DELETE', `${CONTROL}/requests`)
  },

  faults: async (client) => {
    const at = `${FAULTY}${CONTROL}/faults`
    const thens = [{ status: FAULTED }, { abort: 'before' }, { delay: 20 }, { abort: 'after' }]
    for (const consequence of thens) {
      await client.call('POST', at, { json: { match: {}, times: 5, [THEN]: consequence } })
      for (let count = 0; count < 6; count++) await client.call('GET', `${FAULTY}/api/ships`)
      await client.call('DELETE', at)
    }
  },

  events: async (client) => {
    const controller = new AbortController()
    const stream = client.call('GET', `${CONTROL}/events`, { signal: controller.signal })
    await client.pause(500)
    controller.abort()
    await stream
  },
}

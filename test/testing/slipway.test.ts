import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import t from 'tap'
import { connect, startSlipway } from '../../testing/index.js'
import { freePort } from '../../tools/bench/port.js'
import { AS_USERS_DO, ROOT, startProcess } from '../fixtures/process.js'
import { isRefused } from '../fixtures/refused.js'

const DATA = { posts: [{ id: 1, title: 'Tides' }] }

async function titles(url: string): Promise<string[]> {
  const posts: { title: string }[] = JSON.parse(await (await fetch(`${url}/posts`)).text())
  return posts.map(({ title }) => title)
}

async function add(url: string, title: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ title })
  await fetch(`${url}/posts`, { method: 'POST', headers, body })
}

t.test('a server of the test’s own, and worlds on it', async (t) => {
  const slipway = await startSlipway({ data: DATA, strict: true })
  t.teardown(() => slipway.close())
  t.match(slipway.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.equal(slipway.world.url, slipway.url)

  const [one, two] = await Promise.all([slipway.workspace(), slipway.workspace('two')])
  t.equal(one.url, `${slipway.url}/~${one.name}`)
  t.equal(two.name, 'two')
  await add(one.url, 'Moon')
  t.same(await titles(one.url), ['Tides', 'Moon'])
  t.same(await titles(two.url), ['Tides'])
  t.same(await titles(slipway.url), ['Tides'])

  await isRefused(t, slipway.workspace('two'), 409, /^409: .*two/)
  await isRefused(t, slipway.workspace('.'), 400)
  await two.drop()
  await two.drop()
  await slipway.workspace('two')
})

t.test('a workspace that has gone by itself can be dropped', async (t) => {
  await using slipway = await startSlipway({ data: DATA })
  const world = await slipway.workspace()
  await fetch(`${slipway.url}/__slipway/workspaces/${world.name}`, { method: 'DELETE' })
  await world.drop()
  t.pass()
})

t.test('blocks end what they have begun', async (t) => {
  let address = ''
  {
    await using slipway = await startSlipway({ data: DATA })
    address = slipway.url
    let name = ''
    {
      await using world = await slipway.workspace()
      name = world.name
      await add(world.url, 'Moon')
    }
    t.same(await titles(`${address}/~${name}`), ['Tides'], 'it begins anew')
  }
  await t.rejects(fetch(address), { cause: { code: 'ECONNREFUSED' } })
})

t.test('a server is stopped once, and its workspaces with it', async (t) => {
  const slipway = await startSlipway({ data: DATA })
  const world = await slipway.workspace()
  await titles(world.url)
  await Promise.all([slipway.close(), slipway.close()])
  await world.drop()
  await isRefused(t, world.reset(), undefined, /^No answer from http.*: .*ECONNREFUSED/)
})

t.test('options are those of buildApp', async (t) => {
  await t.rejects(startSlipway({ data: { posts: [{ id: 1 }, { id: 1 }] } }), { name: 'SeedError' })
  await t.rejects(startSlipway({ maxWorkspaces: 0 }), { name: 'ConfigError' })
  await using slipway = await startSlipway({ data: DATA, maxWorkspaces: 1, readOnly: true })
  await slipway.workspace()
  await isRefused(t, slipway.workspace(), 503, /1 workspace/)
  const port = Number(new URL(slipway.url).port)
  await t.rejects(startSlipway({ data: DATA, port }), { code: 'EADDRINUSE' })
})

t.test('a server that runs elsewhere', async (t) => {
  const folder = t.testdir({ 'db.json': JSON.stringify(DATA) })
  const { url } = await startProcess(t, [`${folder}/db.json`])
  const [one, two] = await Promise.all([connect(`${url}/`), connect(url)])
  const [mine, another] = await Promise.all([one.workspace('mine'), two.workspace()])
  await add(mine.url, 'Moon')
  await add(another.url, 'Sun')
  t.same(await titles(mine.url), ['Tides', 'Moon'])

  await one.close()
  t.same(await titles(mine.url), ['Tides'], 'what was made here is dropped')
  t.same(await titles(another.url), ['Tides', 'Sun'])
})

t.test('a server with a control token', async (t) => {
  const controlToken = 'the-control-token'
  await using slipway = await startSlipway({ data: DATA, controlToken, nodeEnv: 'production' })
  await using world = await slipway.workspace()
  await world.reset()
  await isRefused(t, connect(slipway.url), 401)
  await isRefused(t, connect(slipway.url, { token: 'another' }), 401)
  const other = await connect(slipway.url, { token: controlToken })
  await (await other.workspace()).reset()
})

t.test('what is no Slipway, or none to steer', async (t) => {
  const nowhere = connect(`http://127.0.0.1:${await freePort()}`)
  await isRefused(t, nowhere, undefined, /: .*ECONNREFUSED/)
  await t.rejects(connect('no address'), { code: 'ERR_INVALID_URL' })

  const answers = { '/html': '<p>Hello', '/json': '{"message":1}' }
  const server = createServer(({ url = '' }, response) => {
    const [, answer] = Object.entries(answers).find(([path]) => url.startsWith(path)) ?? []
    response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  await isRefused(t, connect(url), 404, /is no Slipway/)
  for (const path of Object.keys(answers)) {
    await isRefused(t, connect(url + path), undefined, /is no Slipway/)
  }

  const open = startSlipway({ data: DATA, nodeEnv: 'production' })
  await isRefused(t, open, 404, /^http:\S+ can't be steered: .*CONTROL_TOKEN/)
  const everywhere = startSlipway({ data: DATA, host: '0.0.0.0' })
  await isRefused(t, everywhere, 404, /can't be steered/)
})

t.test('importing it starts nothing, and loads no server', async (t) => {
  const script = `await import('slipway/testing')
    console.log(process.getActiveResourcesInfo().includes('TCPServerWrap'),
      process.moduleLoadList.includes('NativeModule http'))`
  const command = `${AS_USERS_DO}; exec "$0" --input-type=module -e "$1"`
  const args = ['-c', command, process.execPath, script]
  const { stdout } = await promisify(execFile)('sh', args, { cwd: ROOT })
  t.equal(stdout, 'false false\n')
})

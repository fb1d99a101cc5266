import t, { type Test } from 'tap'
import type { Options } from '../../config.js'
import { type FaultRule, startSlipway } from '../../testing/index.js'
import { claimsOf } from '../fixtures/app.js'
import { isRefused } from '../fixtures/refused.js'

const DATA = {
  users: [{ id: 1, username: 'ann', password: 'a pass phrase' }],
  posts: [{ id: 1, title: 'Tides' }],
  $collections: { posts: { access: { create: 'user' } } },
}

/** The paths of that data that are called here. */
interface Paths {
  '/posts': { get: { responses: { 200: Json<Post[]> } }; post: Creation }
  '/auth/me': { get: { responses: { 200: Json<{ username: string }>; 401: Json<object> } } }
}
interface Creation {
  requestBody: Json<{ title: string }>
  responses: { 201: Json<Post>; 401: Json<object> }
}
interface Post {
  id: number
  title: string
}
interface Json<Body> {
  content: { 'application/json': Body }
}

/** A fault: requests are answered with a status. */
function answering(status: number, match: FaultRule['match'] = {}): FaultRule {
  const then = { status }
  return { match, then }
}

async function newWorld(t: Test, options: Options = { data: DATA }) {
  const slipway = await startSlipway<Paths>({ strict: true, ...options })
  t.teardown(() => slipway.close())
  return slipway.workspace()
}

t.test('a client that is logged in', async (t) => {
  const world = await newWorld(t)
  const body = { title: 'Moon' }
  t.equal((await world.client.POST('/posts', { body })).response.status, 401)
  const ann = await world.clientAs('ann')
  t.match((await ann.POST('/posts', { body })).data, { id: 2, title: 'Moon' })
  t.equal((await world.client.GET('/posts')).data?.length, 2)
  t.equal((await ann.GET('/auth/me')).data?.username, 'ann')
  await isRefused(t, world.clientAs('nobody'), 404)
})

t.test('a client of an API whose token has a header of its own', async (t) => {
  const slipway = await startSlipway({ apis: 'memes', strict: true })
  t.teardown(() => slipway.close())
  const world = await slipway.workspace()
  const user = await world.clientAs('user')
  t.equal((await user.GET('/template')).response.status, 200)
})

t.test('reset, state, snapshots', async (t) => {
  const world = await newWorld(t)
  const ann = await world.clientAs('ann')
  const add = (title: string) => ann.POST('/posts', { body: { title } })
  const titles = async () => (await world.client.GET('/posts')).data?.map(({ title }) => title)

  await add('Moon')
  await world.snapshot('before')
  await add('Sun')
  t.same(await titles(), ['Tides', 'Moon', 'Sun'])
  await world.restore('before')
  t.same(await titles(), ['Tides', 'Moon'])

  const state = await world.state<{ posts: Post[]; users: object[] }>()
  t.match(state.posts, [
    { id: 1, title: 'Tides' },
    { id: 2, title: 'Moon' },
  ])
  t.notMatch(JSON.stringify(state), 'a pass phrase')
  await world.reset()
  t.same(await titles(), ['Tides'])
  await world.setState(state)
  t.same(await titles(), ['Tides', 'Moon'])
  await world.setState({ posts: [{ id: 9, title: 'Else' }] })
  t.same(await titles(), ['Else'])

  await isRefused(t, world.snapshot('before'), 409)
  await isRefused(t, world.restore('never'), 404)
  await isRefused(t, world.setState({ posts: [{ id: 1 }, { id: 1 }] }), 400, /posts/)
  t.same(await titles(), ['Else'], 'nothing has changed')
})

t.test('faults', async (t) => {
  const world = await newWorld(t)
  const status = async () => (await world.client.GET('/posts')).response.status
  const fault = await world.fault(answering(503, { path: '/posts' }))
  t.equal(await status(), 503)
  t.equal(await fault.fired(), 1)
  t.match(await world.faults(), [{ ...answering(503), id: fault.id, fired: 1 }])
  await fault.remove()
  t.equal(await status(), 200)
  t.equal(await fault.fired(), 0)
  {
    await using _ = await world.fault(answering(500))
    t.equal(await status(), 500)
  }
  t.equal(await status(), 200)
  await world.fault(answering(500))
  await world.reset()
  t.equal(await status(), 200)
  await isRefused(t, world.fault(answering(42)), 400, /status/)
})

t.test('the journal', async (t) => {
  const world = await newWorld(t)
  await world.client.GET('/posts')
  const ann = await world.clientAs('ann')
  await ann.POST('/posts', { body: { title: 'Moon' } })
  const headers = { 'content-type': 'application/json' }
  await fetch(`${world.url}/auth/login`, { method: 'POST', headers, body: '{}' })

  t.match(await world.requests(), [
    { method: 'POST', path: '/auth/login', status: 400 },
    { method: 'POST', path: '/posts', operation: 'createPost', status: 201, problems: [] },
    { method: 'GET', path: '/posts', status: 200 },
  ])
  const [broken, ...others] = await world.requests({ problem: true })
  t.match(broken?.problems, [{ in: 'body', message: String }])
  t.same(others, [])
  const [created] = await world.requests({ method: 'POST', status: 201, limit: 1 })
  t.match(await world.request(created?.id ?? 0), {
    request: { body: '{"title":"Moon"}' },
    response: { body: /"id":2/ },
  })
  t.equal((await world.requests({ status: '4xx', problem: false })).length, 0)

  await world.verify({ method: 'POST', path: '/posts' })
  await world.verify({ method: 'POST', body: { title: 'Moon' } }, 1)
  await world.verify({ path: '/posts' }, { atLeast: 2 })
  await world.verify({ method: 'DELETE' }, { atMost: 0 })
  await isRefused(t, world.verify({ method: 'DELETE', path: '/posts' }), 409, /\/posts/)
  await isRefused(t, world.verify({ status: 201 }, 2), 409)
})

t.test('tokens and the clock', async (t) => {
  const world = await newWorld(t)
  const me = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`${world.url}/auth/me`, { headers })).status
  }
  const token = await world.token('ann')
  t.equal(await me(token), 200)
  t.equal(await me(await world.token('ann', { type: 'refresh' })), 401)
  t.equal(await me(await world.token('ann', { expired: true })), 401)
  t.equal(await me(await world.token('ann', { issuer: 'another' })), 401)
  const { iat, exp } = claimsOf(await world.token('ann', { lifetime: '2h' }))
  t.equal(Number(exp) - Number(iat), 2 * 60 * 60)

  t.match(await world.clock(), { now: String, offset: '+0s' })
  t.match(await world.clock('+1h'), { offset: '+1h' })
  t.equal(await me(token), 401)
  await world.clock('+0s')
  t.equal(await me(token), 200)
  await isRefused(t, world.clock('later'), 400)
})

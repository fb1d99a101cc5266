import t from 'tap'
import { Queues } from '../../../plugins/auth/queues.js'
import { call, startApp } from '../../fixtures/app.js'

/** A work that ends when it is told. */
function work() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return { end, ended }
}

t.test('the two take turns, each in its order, and as many run as may', async (t) => {
  const queues = new Queues(2, 10)
  const begun: string[] = []
  const works = new Map<string, ReturnType<typeof work>>()
  const add = (purpose: 'login' | 'new', name: string) => {
    const one = work()
    works.set(name, one)
    return queues.run(purpose, () => {
      begun.push(name)
      return one.ended
    })
  }
  const all = ['n1', 'n2', 'n3', 'n4', 'l1', 'l2'].map((name) =>
    add(name.startsWith('n') ? 'new' : 'login', name),
  )
  t.same(begun, ['n1', 'n2'])
  for (const name of ['n1', 'n2', 'l1', 'n3', 'l2', 'n4']) {
    works.get(name)?.end()
    await new Promise(setImmediate)
  }
  await Promise.all(all)
  t.same(begun, ['n1', 'n2', 'l1', 'n3', 'l2', 'n4'])
  await t.rejects(
    queues.run('login', () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  )
  t.equal(await queues.run('new', async () => 'a place is free again'), 'a place is free again')
})

t.test('who finds as many waiting as may is refused, and nobody else is', async (t) => {
  const queues = new Queues(1, 2)
  const { end, ended } = work()
  const taken = Array.from({ length: 3 }, () => queues.run('new', () => ended))
  await t.rejects(
    queues.run('new', () => ended),
    { statusCode: 503, code: 'overloaded' },
  )
  const login = queues.run('login', () => ended)
  end()
  await Promise.all([...taken, login])
  await queues.run('new', () => ended)
})

t.test('500 registrations at once leave logins answered', async (t) => {
  const app = await startApp(t)
  const register = (number: number) =>
    call(app, 'POST', '/api/users', { payload: { name: `user ${number}`, password: 'password' } })
  const logIn = () =>
    call(app, 'POST', '/auth/login', { payload: { username: 'user', password: 'password' } })
  t.equal((await logIn()).statusCode, 200)
  const registrations = Array.from({ length: 500 }, (_, number) => register(number))
  const logins = await Promise.all(Array.from({ length: 5 }, logIn))
  t.same(
    logins.map(({ statusCode }) => statusCode),
    [200, 200, 200, 200, 200],
  )
  const statuses = (await Promise.all(registrations)).map(({ statusCode }) => statusCode)
  // How many are refused is the machine's matter.
  t.same(
    statuses.filter((status) => status !== 201 && status !== 503),
    [],
  )
})

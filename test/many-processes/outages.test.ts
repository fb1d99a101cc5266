import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Answered, ask, startProcesses, tokensOf } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'
import { SHIP } from '../fixtures/ships.js'
import { query } from '../fixtures/sql.js'
import { Wire } from '../fixtures/wire.js'

/** Calls of every kind: each is to be answered, whatever the database does. */
function calls(url: string, token: string): Promise<Answered>[] {
  const upload = new FormData()
  upload.set('file', new Blob(['bytes']), 'file')
  return [
    ask(`${url}/api/ships`),
    ask(`${url}/api/ships/1`),
    ask(`${url}/articles?page=1`),
    ask(`${url}/dmps`, 'GET', { token }),
    ask(`${url}/dmps`, 'POST', { token, json: { project: 'Tides' } }),
    ask(`${url}/api/ships`, 'POST', { token, json: { ...SHIP, model: 'T' } }),
    ask(`${url}/api/ships/1`, 'PATCH', { token, json: { crew: 2 } }),
    ask(`${url}/auth/login`, 'POST', { json: { username: 'user', password: 'password' } }),
    ask(`${url}/api/v1/packages?search=a`, 'GET', { headers: { token } }),
    fetch(`${url}/api/v1/p${Math.random()}/v1`, {
      method: 'POST',
      headers: { token },
      body: upload,
    }).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      body: await response.json(),
    })),
  ]
}

/** Says what is wrong with answers, of which each may say "not now". */
function wrongIn(answers: readonly Answered[]): string[] {
  return answers.flatMap(({ status, headers, body }) => {
    if (status < 300) return []
    const isNotNow = status === 503 && /^[1-9]\d*$/.test(headers.get('retry-after') ?? '')
    return isNotNow ? [] : [`${status} ${JSON.stringify(body)}`]
  })
}

function is503({ status }: Answered): boolean {
  return status === 503
}

/** Two processes, each of which an outage is done to, and what is seen of it. */
async function setUp(t: Test) {
  const postgres = await startPostgres(t)
  const wire = await Wire.start(t, postgres.url)
  const { servers, proxy } = await startProcesses(t, wire.url, 2)
  const { access: token } = await tokensOf(proxy.url)

  const outage = async (t: Test, begin: () => Promise<void>, end: () => Promise<void>) => {
    // Under way while it begins.
    const before = servers.flatMap(({ url }) => calls(url, token))
    await begin()
    t.same(wrongIn(await Promise.all(before)), [])
    for (const { url } of servers) {
      const answers = await Promise.all(calls(url, token))
      t.same(
        answers.filter((answer) => !is503(answer)).map(({ status }) => status),
        [],
      )
      t.same(wrongIn(answers), [])
      t.equal((await ask(`${url}/readyz`)).status, 503)
      t.equal((await ask(`${url}/healthz`)).status, 200)
    }
    await end()
    await isBack(t)
  }
  const isBack = async (t: Test) => {
    const since = performance.now()
    for (const { url } of servers) {
      let wrong = ['not asked']
      while (wrong.length > 0) {
        const answers = [ask(`${url}/readyz`), ...calls(url, token)]
        wrong = (await Promise.all(answers))
          .flatMap(({ status }) => (status < 300 ? [] : [status]))
          .map(String)
        if (wrong.length > 0) await delay(50)
      }
    }
    const took = performance.now() - since
    // Promised are five seconds; what a machine with other work takes says nothing of that.
    t.comment(`back after ${took.toFixed(0)} ms`)
  }
  return { postgres, wire, servers, token, outage, isBack }
}

t.test('a database that can not be asked', { skip: NO_POSTGRES }, async (t) => {
  const { postgres, wire, servers, token, outage, isBack } = await setUp(t)

  await t.test('is stopped', (t) =>
    outage(
      t,
      () => postgres.stop('SIGINT'),
      () => postgres.start(),
    ),
  )

  await t.test('is killed', (t) =>
    outage(
      t,
      () => postgres.stop('SIGQUIT'),
      () => postgres.start(),
    ),
  )

  await t.test('hears nothing, and nobody says so', (t) =>
    outage(
      t,
      async () => wire.lose(),
      async () => wire.mend(),
    ),
  )

  await t.test('ends its connections, again and again', async (t) => {
    for (let count = 0; count < 20; count++) {
      const asked = servers.flatMap(({ url }) => calls(url, token))
      await query(
        postgres.url,
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = $1',
        ['client backend'],
      )
      t.same(wrongIn(await Promise.all(asked)), [])
    }
    await isBack(t)
  })

  await t.test('is cut off, again and again', async (t) => {
    for (let count = 0; count < 20; count++) {
      const asked = servers.flatMap(({ url }) => calls(url, token))
      wire.cut()
      t.same(wrongIn(await Promise.all(asked)), [])
    }
    await isBack(t)
  })

  for (const { child } of servers) t.equal(child.exitCode, null, 'no process has ended')
})

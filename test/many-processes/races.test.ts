import t from 'tap'
import { type Answered, ask, startProcesses, tokensOf } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres } from '../fixtures/postgres.js'

const AT_ONCE = 50

function counted(answers: readonly Answered[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** Asks until the answer isn't "not now": so many at once may be too many. */
async function decided(call: () => Promise<Answered>): Promise<Answered> {
  let answer = await call()
  while (answer.status === 503) answer = await call()
  return answer
}

t.test('what many processes want at once one gets', { skip: NO_POSTGRES }, async (t) => {
  const { url: database } = await startPostgres(t)
  const { proxy } = await startProcesses(t, database)
  const { url } = proxy

  t.test('a name', async (t) => {
    const json = { name: 'wanted', password: 'by everybody' }
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, () =>
        decided(() => ask(`${url}/api/users`, 'POST', { json })),
      ),
    )
    t.same(counted(answers), { 201: 1, 409: AT_ONCE - 1 })
    const { body: users } = await ask(`${url}/api/users`)
    t.equal(Object(users).filter(({ name }: { name: string }) => name === 'wanted').length, 1)
  })

  t.test('a version to change', async (t) => {
    const { access: token } = await tokensOf(url)
    for (let round = 0; round < 20; round++) {
      const { headers } = await ask(`${url}/api/ships/1`)
      const match = { 'if-match': headers.get('etag') ?? '' }
      const answers = await Promise.all(
        Array.from({ length: 9 }, (_, index) =>
          ask(`${url}/api/ships/1`, 'PATCH', {
            token,
            headers: match,
            json: { crew: 1 + round * 10 + index },
          }),
        ),
      )
      t.same(counted(answers), { 200: 1, 412: 8 })
      const winner = answers.find(({ status }) => status === 200)
      t.same((await ask(`${url}/api/ships/1`)).body, winner?.body)
    }
  })

  t.test('a version to change or to delete', async (t) => {
    const { access: token } = await tokensOf(url)
    const { body: ship } = await ask(`${url}/api/ships/1`)
    const { id: _id, ...values } = Object(ship)
    for (let round = 0; round < 10; round++) {
      const { headers } = await ask(`${url}/api/ships`, 'POST', { token, json: values })
      const path = new URL(headers.get('location') ?? '').pathname
      const match = { 'if-match': (await ask(url + path)).headers.get('etag') ?? '' }
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          index % 2 === 0
            ? ask(url + path, 'DELETE', { token, headers: match })
            : ask(url + path, 'PATCH', { token, headers: match, json: { crew: 7 } }),
        ),
      )
      const done = answers.filter(({ status }) => status === 200 || status === 204)
      t.equal(done.length, 1, JSON.stringify(counted(answers)))
    }
  })

  t.test('a tag of a package', async (t) => {
    const { access: token } = await tokensOf(url)
    const upload = async () => {
      const form = new FormData()
      form.set('file', new Blob(['the same bytes']), 'file')
      const response = await fetch(`${url}/api/v1/wanted/v1`, {
        method: 'POST',
        headers: { token },
        body: form,
      })
      return { status: response.status, headers: response.headers, body: await response.json() }
    }
    const answers = await Promise.all(Array.from({ length: 12 }, upload))
    t.same(counted(answers), { 200: 1, 409: 11 })
    const download = await fetch(`${url}/api/v1/wanted/v1`, { headers: { token } })
    t.equal(await download.text(), 'the same bytes')
  })

  t.test('failures to log in, of which there is one limit', async (t) => {
    const attempt = (username: string, password: string) =>
      decided(() => ask(`${url}/auth/login`, 'POST', { json: { username, password } }))
    const fail = (username: string, times: number) =>
      Array.from({ length: times }, () => attempt(username, 'wrong'))

    const answers = await Promise.all(fail('guest', AT_ONCE))
    t.same(counted(answers), { 401: 10, 429: AT_ONCE - 10 })
    t.equal((await attempt('guest', 'guest')).status, 429)

    const failures = fail('admin', 9)
    t.equal((await attempt('admin', 'admin')).status, 200, 'it is not reached')
    t.same(counted(await Promise.all(failures)), { 401: 9 })
  })
})

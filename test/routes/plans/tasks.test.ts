import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { wordText } from '../../fixtures/documents.js'
import { ended } from '../../fixtures/tasks.js'

const PLAN = '019a8f2c-7b40-7c11-9d3e-5f6a2b1c0d4e'
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

async function post(app: FastifyInstance, token: string, dmp = PLAN): Promise<string> {
  const response = await call(app, 'POST', '/tasks', { token, payload: { dmp } })
  if (response.statusCode !== 201) throw new Error(`Not created: ${response.body}`)
  return response.json().id
}

async function createPlan(app: FastifyInstance, token: string, plan: object): Promise<string> {
  return (await call(app, 'POST', '/dmps', { token, payload: plan })).json().id
}

async function idsOf(app: FastifyInstance, token: string, query = ''): Promise<string[]> {
  const tasks: { id: string }[] = (await call(app, 'GET', `/tasks${query}`, { token })).json()
  return tasks.map(({ id }) => id)
}

t.test('createTask renders the plan, and getTask says where', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const created = await call(app, 'POST', '/tasks', { token, payload: { dmp: PLAN } })
  t.equal(created.statusCode, 201)
  const { id } = created.json()
  t.match(id, UUID_V7)
  t.same(created.json(), { id, ok: true, msg: 'Task created' })
  t.equal(created.headers.location, `http://localhost:80/tasks/${id}`)

  const pending = (await call(app, 'GET', `/tasks/${id}`, { token })).json()
  t.same(Object.keys(pending), ['id', 'dmp', 'status', 'timestamp', '_id'])
  t.match(pending, { id, _id: id, dmp: PLAN, status: 'pending', timestamp: /^\d{4}-.*Z$/ })

  t.same(await ended(app, token, id), {
    ...pending,
    status: 'done',
    url_docx: `${id}.docx`,
    url_pdf: `${id}.pdf`,
  })
})

t.test('the documents are real, and are downloaded like every file', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const id = await post(app, token)
  const { url_docx, url_pdf } = await ended(app, token, id)

  for (const [name, format, type, signature] of [
    [url_docx, 'docx', DOCX, 'PK\x03\x04'],
    [url_pdf, 'pdf', 'application/pdf', '%PDF-1.'],
  ] as const) {
    const pathname = `/resources/${format}/${name}`
    const response = await call(app, 'GET', pathname, { token })
    t.equal(response.statusCode, 200)
    t.match(response.headers, {
      'content-type': type,
      'content-disposition': `attachment; filename="${id}.${format}"`,
      'content-length': String(response.rawPayload.length),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      etag: /^"[0-9a-f]{64}"$/,
    })
    t.equal(response.rawPayload.subarray(0, signature.length).toString('latin1'), signature)

    const bare = await call(app, 'GET', `/resources/${format}/${id.toUpperCase()}`, { token })
    t.ok(bare.rawPayload.equals(response.rawPayload), 'with and without the extension')

    const known = { token, headers: { 'if-none-match': String(response.headers.etag) } }
    t.equal((await call(app, 'GET', pathname, known)).statusCode, 304)
    const part = await call(app, 'GET', pathname, { token, headers: { range: 'bytes=0-3' } })
    t.equal(part.statusCode, 206)
    t.equal(part.headers['content-range'], `bytes 0-3/${response.rawPayload.length}`)
    const beyond = await call(app, 'GET', pathname, {
      token,
      headers: { range: 'bytes=99999999-' },
    })
    isError(t, beyond, 416)
    const head = await call(app, 'HEAD', pathname, { token })
    t.equal(head.headers['content-length'], String(response.rawPayload.length))
  }
})

t.test('a document shows the plan as it was when the task was posted', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const dmp = await createPlan(app, token, { title: 'Before' })
  const [before] = [await post(app, token, dmp)]
  await call(app, 'PUT', `/dmps/${dmp}`, { token, payload: { title: 'After' } })
  const after = await post(app, token, dmp)
  await call(app, 'DELETE', `/dmps/${dmp}`, { token })
  t.match(await textOf(app, token, before), /Before/)
  t.match(await textOf(app, token, after), /After/)
  t.match(await ended(app, token, before), { dmp, status: 'done' })
})

/** What the Word file of a task says. */
async function textOf(app: FastifyInstance, token: string, id: string): Promise<string> {
  await ended(app, token, id)
  return wordText((await call(app, 'GET', `/resources/docx/${id}`, { token })).rawPayload)
}

t.test("listTasks gives one's own, the newest first, and filters", async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const other = await createPlan(app, token, { title: 'Another' })
  const first = await post(app, token)
  const second = await post(app, token, other)
  const third = await post(app, token)
  for (const id of [first, second, third]) await ended(app, token, id)
  const { access: guest } = await logIn(app, 'guest', 'guest')
  const theirs = await post(app, guest, await createPlan(app, guest, {}))
  await ended(app, guest, theirs)
  const { access: admin } = await logIn(app, 'admin', 'admin')

  t.same(await idsOf(app, token), [third, second, first])
  t.same(await idsOf(app, token, `?id_dmp=${PLAN}`), [third, first])
  t.same(await idsOf(app, token, `?id_dmp=${PLAN.toUpperCase()}`), [third, first])
  t.same(await idsOf(app, token, '?status=done'), [third, second, first])
  t.same(await idsOf(app, token, '?status=pending'), [])
  t.same(await idsOf(app, token, `?status=done&id_dmp=${other}`), [second])
  t.same(await idsOf(app, token, '?status=error'), [])
  t.same(await idsOf(app, token, '?id_dmp=none'), [])
  t.same(await idsOf(app, guest), [theirs])
  t.same(await idsOf(app, guest, `?id_dmp=${PLAN}`), [])
  t.same(await idsOf(app, admin), [theirs, third, second, first])
  t.same(await idsOf(app, admin, `?id_dmp=${other}`), [second])
  t.same(await idsOf(app, admin, `?id_dmp=${other}&status=done`), [second])
  t.same(await idsOf(app, admin, '?status=done'), [theirs, third, second, first])
  const wrong = await call(app, 'GET', '/tasks?status=finished', { token })
  isError(t, wrong, 400)
  t.match(wrong.json().details, [{ in: 'query', path: '/status' }])
})

t.test("another's task and its documents are as none, save for an admin", async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const id = await post(app, token)
  await ended(app, token, id)
  const paths = [`/tasks/${id}`, `/resources/docx/${id}`, `/resources/pdf/${id}.pdf`]
  const { access: guest } = await logIn(app, 'guest', 'guest')
  const { access: admin } = await logIn(app, 'admin', 'admin')
  for (const path of paths) {
    isError(t, await call(app, 'GET', path, { token: guest }), 404)
    t.equal((await call(app, 'GET', path, { token: admin })).statusCode, 200)
    isError(t, await call(app, 'GET', path), 401)
  }
  for (const path of ['/tasks/none', '/resources/docx/none', `/resources/docx/${id}.pdf`]) {
    isError(t, await call(app, 'GET', path, { token }), 404)
  }
})

t.test("a task takes a plan of one's own, and passes over other fields", async (t) => {
  const app = await startApp(t)
  const { access: guest } = await logIn(app, 'guest', 'guest')
  const { access: admin } = await logIn(app, 'admin', 'admin')
  const { access: token } = await logIn(app)
  for (const each of [guest, admin]) {
    isError(t, await call(app, 'POST', '/tasks', { token: each, payload: { dmp: PLAN } }), 404)
  }
  for (const [payload, path] of [
    [{}, '/dmp'],
    [{ dmp: 1 }, '/dmp'],
    [{ dmp: 'x'.repeat(129) }, '/dmp'],
    [[], ''],
  ] as const) {
    const response = await call(app, 'POST', '/tasks', { token, payload })
    isError(t, response, 400)
    t.match(response.json().details, [{ in: 'body', path }])
  }
  isError(t, await call(app, 'POST', '/tasks', { payload: { dmp: PLAN } }), 401)
  t.same(await idsOf(app, token), [])

  const more = {
    dmp: PLAN.toUpperCase(),
    status: 'done',
    id: 'mine',
    _id: 'mine',
    url_pdf: 'x',
    note: 1,
  }
  const { id } = (await call(app, 'POST', '/tasks', { token, payload: more })).json()
  t.not(id, 'mine')
  t.match(await ended(app, token, id), { _id: id, dmp: PLAN, url_pdf: `${id}.pdf` })
})

t.test('documents name the author and the project', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const text = await textOf(app, token, await post(app, token, await createPlan(app, token, {})))
  t.match(text, /Harbour survey/)
  t.match(text, /user/)
})

t.test('beyond the queue there is 503, and no task', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const dmp = await createPlan(app, token, { text: 'word '.repeat(20_000) })
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => call(app, 'POST', '/tasks', { token, payload: { dmp } })),
  )
  const taken = answers.filter(({ statusCode }) => statusCode === 201)
  const refused = answers.filter(({ statusCode }) => statusCode !== 201)
  t.ok(taken.length > 0)
  t.ok(refused.length > 0)
  for (const response of refused) {
    isError(t, response, 503)
    t.match(response.headers['retry-after'], /^\d+$/)
  }
  t.equal((await idsOf(app, token)).length, taken.length)
})

t.test('a stop does not wait for what is being rendered, which waits again', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const plan = { text: 'word '.repeat(100_000) }
  const dmp = await createPlan(app, token, plan)
  const ids = [await post(app, token, dmp), await post(app, token, dmp)]
  await app.close()
  for (const publicId of ids) {
    t.match(await app.store.tasks.getBy({ publicId }), { status: 'pending', reason: null })
  }
})

t.test('a user has no more tasks than may be, rendered or not', async (t) => {
  const app = await startApp(t, { userTaskLimit: 1 })
  const { access: token } = await logIn(app)
  await ended(app, token, await post(app, token))
  const full = await call(app, 'POST', '/tasks', { token, payload: { dmp: PLAN } })
  isError(t, full, 507, /USER_TASK_LIMIT/)
  t.match(full.headers['retry-after'], /^[1-9]\d*$/)
  const guest = (await logIn(app, 'guest', 'guest')).access
  await post(app, guest, await createPlan(app, guest, {}))
})

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { curlTo, json } from '../fixtures/curl.js'
import { startProcess } from '../fixtures/process.js'
import { untilEnded } from '../fixtures/tasks.js'

/**
 * Every route of the plans' document, in its order, against a real process. The contract settles what the document leaves
 * open: the texts of `msg`, and what a task looks like.
 */
t.test("the plans document's calls answer as it says", async (t) => {
  const folder = t.testdir({
    'plans.json': JSON.stringify({
      users: [
        { id: 1, username: 'someone', password: 'a password', email: 'someone@example.com' },
        { id: 2, username: 'other', password: 'a password' },
      ],
      projects: [{ id: 1, name: 'ACTION', description: 'Citizen science' }],
      memberships: [{ user_id: 1, project_id: 1 }],
    }),
  })
  const { url } = await startProcess(t, [`${folder}/plans.json`])
  const curl = curlTo(url)
  const logIn = (password: string) => curl('/login', '-u', `someone:${password}`)

  const login = await logIn('a password')
  t.equal(login.status, 200)
  t.match(login.body, {
    username: 'someone',
    email: 'someone@example.com',
    project: 'ACTION',
    project_description: 'Citizen science',
    access_token: String,
    refresh_token: String,
  })
  const bearer = (token: string) => ['-H', `Authorization: Bearer ${token}`]
  const mine = bearer(login.body.access_token)
  const other = bearer((await curl('/login', '-u', 'other:a password')).body.access_token)

  t.match(await curl('/dmps', ...mine), { status: 200, body: [] })
  const plan = { project: 'ACTION', purpose: 'To learn', sharing: { licence: 'CC0' } }
  const created = await curl('/dmps', ...mine, ...json(plan))
  t.equal(created.status, 201)
  const { id } = created.body
  t.same(created.body, { id, ok: true, msg: created.body.msg })
  t.type(created.body.msg, 'string')

  t.match(await curl('/dmps', ...mine), {
    status: 200,
    body: [{ id, _id: id, user: 'someone', ...plan }],
  })
  t.match(await curl('/dmps', ...other), { status: 200, body: [] })
  const read = await curl(`/dmps/${id}`, ...mine)
  t.equal(read.status, 200)
  t.same(read.body, { id, _id: id, user: 'someone', ...plan })
  const hidden = await curl(`/dmps/${id}`, ...other)
  t.equal(hidden.status, 404)
  t.equal(hidden.body.error, hidden.body.message)

  const updated = await curl(`/dmps/${id}`, '-X', 'PUT', ...mine, ...json({ purpose: 'To know' }))
  t.match(updated, { status: 200, body: { id, ok: true, msg: String } })
  t.match((await curl(`/dmps/${id}`, ...mine)).body, { project: 'ACTION', purpose: 'To know' })

  const task = await curl('/tasks', ...mine, ...json({ dmp: id }))
  t.match(task, { status: 201, body: { ok: true, msg: String } })
  const taskId = task.body.id
  const finished = await untilEnded(async () => (await curl(`/tasks/${taskId}`, ...mine)).body)
  t.match(finished, { id: taskId, _id: taskId, dmp: id, status: 'done', timestamp: /Z$/ })
  t.equal(finished.url_docx, `${taskId}.docx`)
  t.equal(finished.url_pdf, `${taskId}.pdf`)
  t.same((await curl('/tasks', ...mine)).body, [finished])
  t.same((await curl(`/tasks?status=done&id_dmp=${id}`, ...mine)).body, [finished])
  t.same((await curl('/tasks?status=pending', ...mine)).body, [])
  t.equal((await curl('/tasks', ...other, ...json({ dmp: id }))).status, 404)

  for (const [address, format, start] of [
    [`/resources/docx/${taskId}`, 'docx', 'PK'],
    [`/resources/pdf/${taskId}.pdf`, 'pdf', '%PDF'],
  ] as const) {
    // By the name that the server gives it.
    await promisify(execFile)('curl', ['-sSfOJ', `${url}${address}`, ...mine], { cwd: folder })
    const file = await readFile(`${folder}/${taskId}.${format}`)
    t.equal(file.subarray(0, start.length).toString(), start)
    t.equal((await curl(address, ...other)).status, 404)
  }

  const deleted = await curl(`/dmps/${id}`, '-X', 'DELETE', ...mine)
  t.match(deleted, { status: 200, body: { id, ok: true, msg: String } })
  t.equal((await curl(`/dmps/${id}`, ...mine)).status, 404)

  const refresh = bearer(login.body.refresh_token)
  t.match(await curl('/refresh', ...refresh), { status: 200, body: { access_token: String } })
  const renewed = await curl('/refresh', '-X', 'POST', ...refresh)
  t.match(renewed, { status: 201, body: { access_token: String } })

  t.match(await curl('/logout', '-X', 'DELETE', ...mine), { status: 200, body: { msg: String } })
  t.equal((await curl('/dmps', ...mine)).status, 401)
  t.equal((await curl('/dmps', ...bearer(renewed.body.access_token))).status, 200)

  const last = bearer(renewed.body.access_token)
  t.equal((await curl('/changepassword', '-X', 'PUT', ...last)).status, 400)
  const changed = await curl('/changepassword', '-X', 'PUT', ...last, '-H', 'newpassword: new one')
  t.match(changed, { status: 200, body: { msg: String } })
  t.equal((await curl('/dmps', ...last)).status, 401)
  t.equal((await logIn('a password')).status, 401)
  t.equal((await logIn('new one')).status, 200)
})

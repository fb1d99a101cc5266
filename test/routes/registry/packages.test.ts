import t from 'tap'
import { call, isError, logIn, startApp } from '../../fixtures/app.js'
import { sendForm, upload } from '../../fixtures/upload.js'

const API = '/api/v1'

t.test('listPackages, by all ways to ask for a text', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  t.same((await call(app, 'GET', `${API}/packages`, { token })).json(), [])
  for (const name of ['alpha', 'Beta', 'alphabet', 'Ünïcode']) await upload(app, token, name, '1')

  const all = [
    { id: 1, title: 'alpha' },
    { id: 2, title: 'Beta' },
    { id: 3, title: 'alphabet' },
    { id: 4, title: 'Ünïcode' },
  ]
  const listed = async (query: string, payload?: object) =>
    (
      await call(app, 'GET', `${API}/packages${query}`, { token, ...(payload ? { payload } : {}) })
    ).json()
  t.same(await listed(''), all)
  t.same(await listed('?search='), all)
  t.same(await listed('?other=x'), all, 'what is not known is passed over, as everywhere')
  t.same(await listed('?search=ALPHA'), [all[0], all[2]])
  t.same(await listed('?search=bet'), [all[1], all[2]])
  t.same(await listed(`?search=${encodeURIComponent('ünï')}`), [all[3]])
  t.same(await listed('?search=nothing'), [])
  t.same(await listed('', { search: 'bet' }), [all[1], all[2]])
  t.same(await listed('', { search: '' }), all)
  t.same(await listed('', {}), all)
  t.same(await listed('?search=alpha', { search: 'bet' }), [all[0], all[2]], 'the query counts')
})

t.test('a body of a GET is checked like any other', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const get = (payload: string | object, type = 'application/json') =>
    call(app, 'GET', `${API}/packages`, { token, payload, headers: { 'content-type': type } })
  t.equal((await get('')).statusCode, 200)
  t.equal((await get('{}', 'application/json; charset=utf-8')).statusCode, 200)
  isError(t, await get('{'), 400, /not valid JSON/)
  isError(t, await get('[]'), 400, 'The body is not valid: must be object.')
  isError(t, await get({ tag_search: 'a' }), 400, /tag_search is not known here/)
  isError(t, await get({ search: 5 }), 400, 'The body is not valid: /search must be string.')
  isError(t, await get({ find: 'x' }), 400, 'The body is not valid: /find is not known here.')
  isError(t, await get({ search: 'x'.repeat(201) }), 400)
  isError(t, await get('{"search":"\\ud800"}'), 400)
  isError(t, await get('search=x', 'application/x-www-form-urlencoded'), 415)
  isError(t, await get(`"${'x'.repeat(1024 * 1024)}"`), 413)
  isError(t, await call(app, 'GET', `${API}/packages?search=${'x'.repeat(201)}`, { token }), 400)
})

for (const prefix of [API, `${API}/packages`]) {
  t.test(`listTags at ${prefix}`, async (t) => {
    const app = await startApp(t)
    const { access: token } = await logIn(app)
    for (const tag of ['1.0', '2.0', '2.1-beta']) await upload(app, token, 'pkg', tag)
    await upload(app, token, 'other', '2.0')
    const listed = async (query: string, payload?: object) =>
      (
        await call(app, 'GET', `${prefix}/pkg${query}`, { token, ...(payload ? { payload } : {}) })
      ).json()
    t.same(await listed(''), [
      { id: 1, tag: '1.0' },
      { id: 2, tag: '2.0' },
      { id: 3, tag: '2.1-beta' },
    ])
    t.same(await listed('?search=BETA'), [{ id: 3, tag: '2.1-beta' }])
    t.same(await listed('', { search: '1.' }), [{ id: 1, tag: '1.0' }])
    t.same(await listed('?tag_search=BETA'), [{ id: 3, tag: '2.1-beta' }])
    t.same(await listed('', { tag_search: '1.' }), [{ id: 1, tag: '1.0' }])
    t.same(await listed('?tag_search=1.&search=2.'), [{ id: 1, tag: '1.0' }])
    const [path, both] = [`${prefix}/pkg`, { search: '2.', tag_search: '1.' }]
    t.same(await listed('', both), [{ id: 1, tag: '1.0' }])
    isError(t, await call(app, 'GET', path, { token, payload: { tag_search: 5 } }), 400)
    const missing = await call(app, 'GET', `${prefix}/none`, { token })
    isError(t, missing, 404, 'could not locate package')
    isError(t, await call(app, 'GET', `${prefix}/pkg`), 401)
  })

  t.test(`deletePackage at ${prefix}`, async (t) => {
    const app = await startApp(t)
    const { access: token } = await logIn(app)
    const guest = await logIn(app, 'guest', 'guest')
    const admin = await logIn(app, 'admin', 'admin')
    for (const name of ['mine', 'other']) await upload(app, token, name, '1')
    const remove = (name: string, token?: string) =>
      call(app, 'DELETE', `${prefix}/${name}`, token === undefined ? {} : { token })
    isError(t, await remove('mine'), 401)
    isError(
      t,
      await remove('mine', guest.access),
      403,
      'You can delete only a package of your own.',
    )
    isError(t, await remove('none', token), 404, 'could not locate package')
    t.equal((await remove('mine', token)).statusCode, 204)
    isError(t, await remove('mine', token), 404)
    isError(t, await call(app, 'GET', `${API}/mine/1`, { token }), 404)
    t.equal((await remove('other', admin.access)).statusCode, 204)
    t.equal((await app.store.tags.find({ limit: 1000 })).total, 0)
  })
}

t.test('names that can be none are refused', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const get = (path: string) => call(app, 'GET', `${API}/${path}`, { token })
  isError(t, await get('a%2Fb'), 400, "package_name cannot contain '/'")
  isError(t, await get('pkg/a%2Fb'), 400, "tags cannot contain '/'")
  isError(t, await get('user'), 400, 'package_name cannot be a word that paths begin with')
  isError(t, await get('admin/1'), 400, 'package_name cannot be a word that paths begin with')
  isError(t, await get('packages/packages'), 400)
  isError(t, await get('%00'), 400)
  isError(t, await get('x'.repeat(201)), 400)
})

t.test('a package of a deleted user is an admin matter', async (t) => {
  const app = await startApp(t)
  const { access: token } = await logIn(app)
  const guest = await logIn(app, 'guest', 'guest')
  const admin = await logIn(app, 'admin', 'admin')
  await upload(app, token, 'pkg', '1')
  await call(app, 'DELETE', '/api/users/1', { token })
  const { access } = guest
  t.equal((await call(app, 'GET', `${API}/pkg/1`, { token: access })).body, 'pkg 1')
  isError(t, await call(app, 'DELETE', `${API}/pkg`, { token: access }), 403)
  t.equal((await call(app, 'DELETE', `${API}/pkg`, { token: admin.access })).statusCode, 204)
})

t.test('the files of a user are no larger together than they may be', async (t) => {
  const app = await startApp(t, { userStorageLimit: 10 })
  const [user, guest] = [await logIn(app), await logIn(app, 'guest', 'guest')]
  await upload(app, user.access, 'abc', '1')
  const form = new FormData()
  form.set('file', new Blob(['too large']), 'file.txt')
  const full = await sendForm(app, '/api/v1/abc/2', form, user.access)
  isError(t, full, 507, /USER_STORAGE_LIMIT/)
  t.match(full.headers['retry-after'], /^[1-9]\d*$/)
  await upload(app, guest.access, 'def', '1')
  const options = { headers: { token: user.access } }
  t.equal((await call(app, 'DELETE', '/api/v1/abc/1', options)).statusCode, 204)
  await upload(app, user.access, 'abc', '3')
})

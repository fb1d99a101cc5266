import t from 'tap'
import { call, isError } from '../../fixtures/app.js'
import { startOwn } from '../../fixtures/own.js'

// What Schemathesis found.

const merge = { 'content-type': 'application/merge-patch+json' }

t.test('the document says when a body has to be there, and what a path says of it', async (t) => {
  const { app } = await startOwn(t, {
    posts: [{ id: 1, title: 'x' }],
    comments: [{ id: 'a', postId: 1, text: 'y' }],
  })
  const { paths, components } = (await call(app, 'GET', '/openapi.json')).json()
  t.equal(paths['/posts'].post.requestBody.required, true)
  t.equal(paths['/posts/{id}'].patch.requestBody.required, false)
  t.same(components.schemas.CommentInput.required, ['postId', 'text'])
  t.equal(components.schemas.CommentInput.properties.id.minLength, 1)
  t.same(components.schemas.PostCommentNestedInput.required, ['text'])
  t.notOk('postId' in components.schemas.PostCommentNestedInput.properties)
})

t.test('a merge patch of a single resource is held to its shape', async (t) => {
  const { send } = await startOwn(t, { profile: { name: 'x', note: null } }, { enforce: true })
  const gone = await send('PATCH', '/profile', { note: null }, merge)
  isError(t, gone, 400, /\/note is missing/)
  isError(t, await send('PATCH', '/profile', { name: null }, merge), 400, /\/name is missing/)
  t.same((await send('GET', '/profile')).json(), { name: 'x', note: null })
  t.equal((await send('PATCH', '/profile', { name: 'y' }, merge)).statusCode, 200)
})

t.test('what a body says in vain is held to the shape too', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 'a', title: 'x' }] }, { enforce: true })
  isError(t, await send('PUT', '/posts/a', { id: '', title: 'x' }), 400, /\/id/)
  t.equal((await send('PUT', '/posts/a', { id: 'b', title: 'y' })).json().id, 'a')
})

t.test('an id that no number follows does not end the numbers', async (t) => {
  const { send } = await startOwn(t, { posts: [{ id: 1 }] })
  t.equal((await send('POST', '/posts', { id: 2 ** 63 })).statusCode, 201)
  t.equal((await send('POST', '/posts', {})).json().id, 2)
})

t.test('an account logs in by the first name that can be one', async (t) => {
  const given = { username: ':', email: 'ann@example.com', password: 'secret' }
  const { send } = await startOwn(t, { users: [{ id: 1, ...given }] })
  const login = { username: '', email: 'ann@example.com', password: 'secret' }
  t.equal((await send('POST', '/auth/login', login)).statusCode, 200)
  const another = { ...given, email: 'bob@example.com' }
  isError(t, await send('POST', '/auth/register', another), 400, /\/username/)
})

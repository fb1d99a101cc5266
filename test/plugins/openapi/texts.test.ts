import t from 'tap'
import { DocumentText } from '../../../plugins/openapi/texts.js'
import { call, startApp } from '../../fixtures/app.js'

t.test('a document is written once, whoever asks for it, and where', async (t) => {
  let written = 0
  const text = new DocumentText((document) => {
    written++
    return JSON.stringify(document)
  })
  const given: object[] = []
  const app = await startApp(t, { data: { posts: [{ id: 1, title: 'One' }] } })
  app.get('/text', { schema: { hide: true } }, async (request) => {
    const written = await text.of(request, `http://${request.headers.host}`)
    given.push(written)
    return written.text
  })
  const serverAt = async (path: string, host: string) => {
    const { servers } = (await call(app, 'GET', path, { headers: { host } })).json()
    return servers[0].url
  }
  const hosts = ['one.test', 'two.test', '$&.test']
  t.same(await Promise.all(hosts.map((host) => serverAt('/text', host))), [
    'http://one.test',
    'http://two.test',
    'http://$&.test',
  ])
  t.equal(await serverAt('/~one/text', 'one.test'), 'http://one.test')
  t.equal(written, 1)
  await serverAt('/~one/text', 'one.test')
  t.equal(given.at(-1), given.at(-2), 'who asks the same is given the same text')
  await call(app, 'POST', '/~one/posts', { payload: { mood: 'calm' } })
  t.match((await call(app, 'GET', '/~one/text')).body, '"mood"')
  t.notMatch((await call(app, 'GET', '/text')).body, '"mood"')
  t.equal(written, 2, 'another one is written for itself')
})

t.test('the ETag is another where the server or the workspace is', async (t) => {
  const app = await startApp(t, { apis: 'fleet' })
  const tagOf = async (path: string, host: string) =>
    (await call(app, 'GET', path, { headers: { host } })).headers.etag
  const tags = [
    await tagOf('/openapi.json', 'one.test'),
    await tagOf('/openapi.yaml', 'one.test'),
    await tagOf('/openapi.json', 'two.test'),
    await tagOf('/~one/openapi.json', 'one.test'),
  ]
  t.equal(new Set(tags).size, 4)
  t.equal(await tagOf('/openapi.json', 'one.test'), tags[0])
})

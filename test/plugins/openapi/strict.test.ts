import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import t from 'tap'
import { buildApp } from '../../../app.js'
import { AccessToken } from '../../../plugins/auth/tokens.js'
import { errors, PLAIN } from '../../../plugins/http/errors.js'
import { binary, empty, failure, list, success } from '../../../plugins/openapi/responses.js'
import { BROKEN, type BrokenAnswer } from '../../../plugins/openapi/strict.js'
import { call, isError, startApp } from '../../fixtures/app.js'
import { ROOT, startProcess } from '../../fixtures/process.js'

const response = {
  200: success('A token', AccessToken, ['etag']),
  201: list('Tokens', AccessToken),
  204: empty('Nothing'),
  206: binary('A part', ['accept-ranges'], 'application/pdf'),
  429: failure('Too often', errors.tooManyFailures(1)),
}

const token = { access_token: 'token' }

/** The handlers of one route, and where each breaks the document; nowhere without an entry. */
const handlers: Record<string, { answer: (reply: FastifyReply) => unknown; places?: string[] }> = {
  'as it should be': { answer: (reply) => reply.header('etag', '"1"').send(token) },
  'a field too many, which is dropped while it is written': {
    answer: (reply) => reply.header('etag', '"1"').send({ ...token, colour: 'red' }),
    places: ['value/colour'],
  },
  "a record's version, which is in its ETag and dropped while it is written": {
    answer: (reply) => reply.header('etag', '"1"').send({ ...token, version: 1 }),
  },
  'a field of another type, which is converted while it is written': {
    answer: (reply) => reply.header('etag', '"1"').send({ access_token: 1 }),
    places: ['value/access_token'],
  },
  'a fault deep in a list': {
    answer: (reply) => reply.code(201).send([token, { ...token, colour: 'red' }]),
    places: ['value/1/colour'],
  },
  'text that goes out as it is': {
    answer: (reply) => reply.code(201).type('application/json').send('[{"colour":"red"}]'),
    places: ['body/0/access_token', 'body/0/colour'],
  },
  'text that is no JSON': {
    answer: (reply) => reply.code(201).type('application/json').send('['),
    places: ['body'],
  },
  'a status that is not declared': {
    answer: (reply) => reply.code(202).send(token),
    places: ['status'],
  },
  'an error that is not declared': {
    answer: () => {
      throw errors.adminOnly()
    },
    places: ['status'],
  },
  'an error that is declared': {
    answer: () => {
      throw errors.tooManyFailures(1)
    },
  },
  'a header that is declared and not there': {
    answer: (reply) => reply.send(token),
    places: ['headers/etag'],
  },
  'a header that is there and not declared': {
    answer: (reply) => reply.code(201).header('etag', '"1"').send([]),
    places: ['headers/etag'],
  },
  'a header of another type': {
    answer: (reply) =>
      reply.code(429).header('retry-after', 'soon').send(errors.overloaded().bodyIn(PLAIN)),
    places: ['headers/retry-after'],
  },
  'another media type': {
    answer: (reply) => reply.code(201).type('text/plain').send('[]'),
    places: ['headers/content-type'],
  },
  'a body where there is none': {
    answer: (reply) => reply.code(204).send('text'),
    places: ['body'],
  },
  'nothing where there is none': { answer: (reply) => reply.code(204).send() },
  'a stream': {
    answer: (reply) =>
      reply
        .code(206)
        .type('application/pdf')
        .header('accept-ranges', 'bytes')
        .send(Readable.from(['%PDF'])),
  },
  'a stream of another media type': {
    answer: (reply) =>
      reply
        .code(206)
        .type('text/plain')
        .header('accept-ranges', 'bytes')
        .send(Readable.from(['text'])),
    places: ['headers/content-type'],
  },
}

for (const [name, { answer, places = [] }] of Object.entries(handlers)) {
  t.test(`${name}: ${places.length > 0 ? 'a 500' : 'goes out'}`, async (t) => {
    const app = await buildApp({ logLevel: 'silent', strict: true })
    t.teardown(() => app.close())
    const found: BrokenAnswer[] = []
    app.breaches?.on('breach', (broken) => found.push(broken))
    app.get('/answers/:id', { schema: { response } }, async (_request, reply) => answer(reply))

    const got = await call(app, 'GET', '/answers/1')
    const [broken] = found
    t.same(broken?.breaches.map(({ place }) => place) ?? [], places)
    if (!broken) return t.not(got.statusCode, 500)
    t.match(broken.answer, /^GET \/answers\/{id} \d{3}$/)
    isError(t, got, 500, 'Internal Server Error')
    t.equal(got.headers.etag, undefined, 'nothing of the wrong answer is left')
  })
}

t.test('each application in a process is held to its own document', async (t) => {
  const start = async (colours: readonly string[], isDeclared = true) => {
    const Paint = Type.Object(
      { colour: Type.Union(colours.map((colour) => Type.Literal(colour))) },
      { $id: 'Paint' },
    )
    const app = await buildApp({ logLevel: 'silent', strict: true })
    t.teardown(() => app.close())
    // In a plugin of its own, as the APIs have theirs.
    await app.register(async (api) => {
      api.addSchema(Paint)
      const response = isDeclared ? { 200: success('A paint', Paint) } : {}
      api.get('/paint', { schema: { response } }, async (_request, reply) =>
        reply.type('application/json').send('{"colour":"red"}'),
      )
    })
    return async () => (await call(app, 'GET', '/paint')).statusCode
  }
  const [good, wrong, undeclared] = [
    await start(['red', 'blue']),
    await start(['green', 'blue']),
    await start(['red', 'blue'], false),
  ]
  for (const ask of [good, wrong, undeclared, good, await start(['red', 'blue'])]) {
    t.equal(await ask(), ask === wrong || ask === undeclared ? 500 : 200)
  }
})

t.test('HEAD is checked as the GET that it is of', async (t) => {
  const app = await buildApp({ logLevel: 'silent', strict: true })
  t.teardown(() => app.close())
  app.get('/answer', { schema: { response } }, async () => token)
  t.equal((await call(app, 'HEAD', '/answer')).statusCode, 500)
  t.equal((await call(app, 'HEAD', '/api/ships/1')).statusCode, 200)
})

t.test(
  'what is outside the document goes out, and errors have their shape there too',
  async (t) => {
    const app = await startApp(t)
    app.get('/hidden', { schema: { hide: true } }, async () => ({ colour: 'red' }))
    app.get('/undescribed', async () => 'text')
    t.same((await call(app, 'GET', '/hidden')).json(), { colour: 'red' })
    t.equal((await call(app, 'GET', '/undescribed')).body, 'text')
    t.equal((await call(app, 'GET', '/docs')).statusCode, 200)
    isError(t, await call(app, 'GET', '/nowhere'), 404)
    isError(t, await call(app, 'PATCH', '/api/ships'), 405)
    isError(t, await call(app, 'GET', '/api/ships/%'), 400)
    t.equal((await call(app, 'OPTIONS', '/api/ships')).statusCode, 204)

    const wrong = await buildApp({ logLevel: 'silent', strict: true })
    t.teardown(() => wrong.close())
    wrong.get('/hidden', { schema: { hide: true } }, async (_request, reply) =>
      reply.code(404).send({ no: 'error' }),
    )
    isError(t, await call(wrong, 'GET', '/hidden'), 500)
  },
)

t.test('without the setting nothing is compared', async (t) => {
  const app = await startApp(t, { strict: false })
  t.equal(app.breaches, undefined)
  const answer = (reply: FastifyReply) => reply.code(202).send('no')
  app.get('/wrong', { schema: { response } }, async (_request, reply) => answer(reply))
  t.equal((await call(app, 'GET', '/wrong')).statusCode, 202)
})

t.test('the flag turns it on too', async (t) => {
  const { url } = await startProcess(t, ['--strict'], { env: { STRICT: 'false' } })
  t.equal((await fetch(`${url}/api/ships/1`)).status, 200)
})

t.test('a test that provokes a wrong answer fails, and the log has the place', async (t) => {
  const args = ['--import', 'tsx', 'test/fixtures/wrong-handler.ts']
  const { code, stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT }).then(
    (output) => ({ code: 0, ...output }),
    (error) => error,
  )
  t.equal(code, 1)
  t.match(stdout, `not ok`)
  t.match(stdout, /GET \/wrong 200: value\/colour is not known here/)
  const line = stdout.split('\n').find((each: string) => each.includes(`"msg":"${BROKEN}"`))
  t.match(JSON.parse(line.slice(line.indexOf('{'))), {
    level: 50,
    answer: 'GET /wrong 200',
    breaches: [{ place: 'value/colour', message: 'is not known here' }],
  })
})

import t from 'tap'
import {
  HIDDEN,
  hideInForm,
  hideInHeader,
  hideInJson,
  hideInMultipart,
  hideInUrl,
  isSecret,
} from '../../../plugins/journal/secrets.js'
import { startApp } from '../../fixtures/app.js'
import { BOUNDARY, field, file, form, part } from '../../fixtures/multipart.js'

t.test('names of secrets', (t) => {
  const secret = [
    'password',
    'newpassword',
    'new_password',
    'passwordHash',
    'token',
    'access_token',
    'accessToken',
    'refresh-token',
    'access-token',
    'X-Access-Token',
    'Authorization',
    'Cookie',
    'Set-Cookie',
    'X-Slipway-Control-Token',
    'client_secret',
    'apiKey',
    'user[password]',
    'tokens',
  ]
  for (const name of secret) t.ok(isSecret(name), name)
  for (const name of ['username', 'token_type', 'crew', '', 'pass', 'secretary', 'cookieless'])
    t.notOk(isSecret(name), name)
  t.end()
})

t.test('every header that a guard takes a token from is one', async (t) => {
  const app = await startApp(t)
  await app.ready()
  for (const scheme of Object.values(app.securitySchemes))
    if (scheme.type === 'apiKey') t.ok(isSecret(scheme.name), scheme.name)
})

t.test('headers', (t) => {
  for (const [name, value, shown] of [
    ['Authorization', 'Bearer abc.def', 'Bearer ***'],
    ['authorization', 'Basic dXNlcjpwYXNzd29yZA==', 'Basic ***'],
    ['Authorization', 'abc def', '***'],
    ['token', 'abc', '***'],
    ['cookie', 'a=b; c=d', '***'],
    ['Location', '/callback?x=1&access_token=abc#id_token=d', '/callback?x=1&access_token=***'],
    ['Link', '</a?token=b&c=d>; rel="next"', '</a?token=***&c=d>; rel="next"'],
    ['accept', '*/*', '*/*'],
    ['x-note', 'it is eyJhbGciOi.eyJzdWIi.c2ln', 'it is ***'],
  ] as const)
    t.equal(hideInHeader(name, value), shown)
  t.end()
})

t.test('addresses and forms', (t) => {
  t.equal(hideInUrl('/a?token=b&to%6ben=c&x=1'), '/a?token=***&to%6ben=***&x=1')
  t.equal(hideInUrl('/a?x=%zz&%zz=1'), '/a?x=%zz&%zz=1')
  t.equal(
    hideInForm('username=a&password=b%26c#d>e&new+password=x'),
    'username=a&password=***&new+password=***',
  )
  t.equal(hideInForm('password='), 'password=***')
  t.end()
})

t.test('JSON, whole, broken and cut off', (t) => {
  for (const [text, shown] of [
    ['{"password":"a","name":"b"}', '{"password":"***","name":"b"}'],
    [
      '{ "user": { "token" : 12.5 }, "a": [1, {"accessToken":"x"}] }',
      '{ "user": { "token" : "***" }, "a": [1, {"accessToken":"***"}] }',
    ],
    ['{"tokens":["a",{"b":"c"}],"d":"e"}', '{"tokens":["***",{"b":"***"}],"d":"e"}'],
    ['{"password":null,"token":true}', '{"password":null,"token":true}'],
    ['{"\\u0070assword":"a"}', '{"\\u0070assword":"***"}'],
    ['{"password":"a\\"b","c":"d"}', '{"password":"***","c":"d"}'],
    ['{"password": "abc', '{"password": "***"'],
    ['{"password": "abc\\', '{"password": "***"'],
    ['{"a":1 "password": abc}', '{"a":1 "password": "***"}'],
    ['data: {"token":"a"}\n\ndata: {"b":"c"}\n\n', 'data: {"token":"***"}\n\ndata: {"b":"c"}\n\n'],
    ['["password","a"]', '["password","a"]'],
    ['{"x":"eyJhbGciOi.eyJzdWIi.c2ln"}', '{"x":"***"}'],
    ['', ''],
  ] as const)
    t.equal(hideInJson(text), shown)
  t.end()
})

t.test('nothing takes long, whatever it is', (t) => {
  const size = 64 * 1024
  const begun = process.cpuUsage()
  for (const piece of [
    '[',
    '{"a":',
    '"',
    '\\',
    'eyJ',
    'eyJ-',
    'eyJa.',
    '&',
    '?a',
    '#',
    '{"token":[',
  ])
    for (const hide of [hideInJson, hideInUrl, hideInForm]) hide(piece.repeat(size / piece.length))
  const { user } = process.cpuUsage(begun)
  t.ok(user < 20_000_000, `${user} µs`)
  t.end()
})

t.test('the parts of an upload', (t) => {
  const body = form(
    field('password', 'abc'),
    field('name', 'x'),
    field('json', '{"token":"abc"}'),
    file('{"password":"stays, as a file of bytes"}'),
    part(
      'Content-Disposition: form-data; name="f"; filename="a.json"\r\nContent-Type: application/json',
      '{"password":"b"}',
    ),
  ).toString('latin1')
  const shown = hideInMultipart(body, `multipart/form-data; boundary=${BOUNDARY}`)
  t.equal(
    shown,
    body
      .replace('\r\n\r\nabc', `\r\n\r\n${HIDDEN}`)
      .replace('"token":"abc"', '"token":"***"')
      .replace('{"password":"b"}', '{"password":"***"}'),
  )
  t.equal(hideInMultipart(body, `multipart/form-data; boundary="${BOUNDARY}"`), shown)
  t.equal(hideInMultipart(body, 'multipart/form-data'), body)
  t.end()
})

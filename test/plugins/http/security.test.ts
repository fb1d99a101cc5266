import t from 'tap'
import { call, startApp } from '../../fixtures/app.js'

t.test('every answer has the security headers', async (t) => {
  const app = await startApp(t)
  for (const url of ['/api/ships', '/nowhere', '/api/ships/abc', '/healthz']) {
    t.match((await call(app, 'GET', url)).headers, {
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-dns-prefetch-control': 'off',
      'x-download-options': 'noopen',
      'x-frame-options': 'SAMEORIGIN',
      'x-permitted-cross-domain-policies': 'none',
      'x-xss-protection': '0',
    })
  }
})

t.test('pages of any origin may call, never with credentials', async (t) => {
  const app = await startApp(t)
  for (const url of ['/api/ships/1', '/nowhere', '/api/ships/abc']) {
    const { headers } = await call(app, 'GET', url, {
      headers: { origin: 'http://localhost:5173' },
    })
    t.equal(headers['access-control-allow-origin'], '*')
    t.equal(
      headers['access-control-expose-headers'],
      'Location, ETag, Link, X-Total-Count, Retry-After, WWW-Authenticate, Content-Disposition, Content-Range, Accept-Ranges, Preference-Applied',
    )
    t.equal(headers['access-control-allow-credentials'], undefined)
  }
})

t.test('a preflight is answered for any path, so that the real answer can be read', async (t) => {
  const app = await startApp(t)
  for (const url of ['/api/ships/1', '/nowhere']) {
    const response = await call(app, 'OPTIONS', url, {
      headers: {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    t.equal(response.statusCode, 204)
    t.match(response.headers, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'authorization,content-type',
      'content-length': '0',
    })
    t.equal(response.headers['access-control-allow-credentials'], undefined)
  }
})

t.test('CORS_ORIGIN narrows the origins', async (t) => {
  const app = await startApp(t, { corsOrigin: 'http://a.example, http://b.example' })
  const allowed = async (origin: string) => {
    const { headers } = await call(app, 'GET', '/api/ships/1', { headers: { origin } })
    t.match(headers.vary, /Origin/i)
    return headers['access-control-allow-origin']
  }
  t.equal(await allowed('http://a.example'), 'http://a.example')
  t.equal(await allowed('http://b.example'), 'http://b.example')
  t.equal(await allowed('http://c.example'), undefined)
})

t.test('without CORS no answer speaks of origins', async (t) => {
  const app = await startApp(t, { corsOrigin: 'none' })
  const headers = { origin: 'http://localhost:5173', 'access-control-request-method': 'PUT' }
  for (const method of ['GET', 'OPTIONS']) {
    for (const url of ['/api/ships/1', '/nowhere']) {
      const response = await call(app, method, url, { headers })
      const names = Object.keys(response.headers)
      t.same(
        names.filter((name) => name.startsWith('access-control-')),
        [],
        `${method} ${url}`,
      )
    }
  }
})

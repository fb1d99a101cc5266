import t from 'tap'
import { type Rewrite, rewriting } from '../../../plugins/http/rewrite.js'
import { call, isError, startApp } from '../../fixtures/app.js'
import { finish, startProcess } from '../../fixtures/process.js'

/** Those that json-server's documentation has. */
const RULES = {
  '/api/*': '/$1',
  '/:resource/:id/show': '/:resource/:id',
  '/posts/:category': '/posts?category=:category',
  '/articles\\?id=:id': '/posts/:id',
}

async function rewritten(rules: object, targets: Readonly<Record<string, string>>): Promise<void> {
  const rewrite: Rewrite = await rewriting(rules, { name: 'routes.json' })
  for (const [target, expected] of Object.entries(targets))
    t.equal(rewrite(target), expected, target)
}

t.test('the rules of the documentation do what it says', async () => {
  await rewritten(RULES, {
    '/api/posts': '/posts',
    '/api/posts/1': '/posts/1',
    '/posts/1/show': '/posts/1',
    '/posts/javascript': '/posts?category=javascript',
    '/articles?id=1': '/posts/1',
    '/articles?id=1&a=b': '/posts/1?a=b',
    '/articles?x=1&id=a%2Fb': '/posts/a%2Fb?x=1',
    '/articles': '/articles',
    '/articles?ide=1': '/articles?ide=1',
    '/api/posts?_page=2': '/posts?_page=2',
    '/posts/a&b=c?d=e': '/posts?category=a%26b%3Dc&d=e',
    '/posts/%zz': '/posts?category=%25zz',
    '/posts/1/show/': '/posts/1',
    '/': '/',
    '*': '*',
    'http://elsewhere/api/posts': 'http://elsewhere/api/posts',
    '/api//elsewhere': '//elsewhere',
  })
})

t.test('names within a segment, expressions, escapes and values', async () => {
  await rewritten(
    {
      '/comments/special/:userId-:body': '/comments/?userId=:userId&body=:body',
      '/n/:id(\\d+)': '/numbers/:id',
      '/v(1|2)/*': '/version/$1/$2',
      '/a\\*b': '/star',
      '/f?kind=ship&id=:id': '/api/ships/:id',
      '/first': '/posts/1?_embed=comments',
      '/loop': '/loop/loop',
      '/loop/:a': '/loop',
    },
    {
      '/comments/special/1-quux': '/comments/?userId=1&body=quux',
      '/n/12': '/numbers/12',
      '/n/x': '/n/x',
      '/v2/a/b': '/version/2/a/b',
      '/v3/a': '/v3/a',
      '/a*b': '/star',
      '/f?id=7&kind=ship': '/api/ships/7',
      '/f?id=7&kind=user': '/f?id=7&kind=user',
      '/first?_embed=author&flag': '/posts/1?_embed=comments&_embed=author&flag',
      '/loop': '/loop/loop',
      '/loop/x': '/loop',
    },
  )
})

t.test('no path takes longer than it is long', async (t) => {
  const pattern = `/${Array.from({ length: 8 }, (_, at) => `:a${at}`).join('-')}`
  const rewrite = await rewriting({ [pattern]: '/x', '/(a+)+b': '/y' }, { name: 'routes.json' })
  for (const path of [`/${'-'.repeat(8000)}/`, `/${'a'.repeat(8000)}`]) {
    t.equal(typeof rewrite(path), 'string')
  }
})

t.test('faults end the start, each with its place', async (t) => {
  const cwd = t.testdir({
    'routes.json': `{
  "/a": 1,
  "b": "/c",
  "/:id": "/x/:ide",
  "/*": "/$2",
  "/(": "/x",
  "/(a{2,1})": "/x"
}`,
    'list.json': '[]',
    'broken.json': '{',
    'data.json': '{}',
  })
  t.same(await finish(t, ['-r', 'routes.json', '-p', '0'], { cwd }), {
    code: 1,
    stdout: '',
    stderr: `slipway: routes.json:2:9: /~1a: leads to no path, which would begin with a slash
slipway: routes.json:3:8: /b: a path begins with a slash
slipway: routes.json:4:11: /~1:id: leads to :ide, which is not in the pattern
slipway: routes.json:5:9: /~1*: leads to $2, which is not in the pattern
slipway: routes.json:6:9: /~1(: can't be read from "(" on
slipway: routes.json:7:16: /~1(a{2,1}): has an expression that is none
`,
  })
  const others = {
    'list.json': /must be an object/,
    'broken.json': /:1:2: not valid/,
    none: /no such file/,
  }
  for (const [file, stderr] of Object.entries(others)) {
    t.match(await finish(t, ['--routes', file, '-p', '0'], { cwd }), { code: 1, stderr })
  }
})

t.test('a slash at the end of where a rule leads is passed over, as ever', async (t) => {
  const cwd = t.testdir({ 'routes.json': '{"/of/:author": "/posts/?author=:author"}' })
  const data = { posts: [{ id: 1, author: 'ada' }, { id: 2 }] }
  const app = await startApp(t, { routes: `${cwd}/routes.json`, data, apis: 'none' })
  t.same((await call(app, 'GET', '/of/ada')).json(), [{ id: 1, author: 'ada' }])
})

t.test('a server answers at the paths that lead to others', async (t) => {
  const cwd = t.testdir({
    'routes.json': JSON.stringify({ '/v2/*': '/api/$1', '/s?n=:n': '/api/ships/:n' }),
  })
  const app = await startApp(t, { routes: `${cwd}/routes.json` })
  t.match((await call(app, 'GET', '/v2/ships/1')).json(), { id: 1 })
  t.match((await call(app, 'GET', '/s?n=2')).json(), { id: 2 })
  isError(t, await call(app, 'PUT', '/v2/ships'), 405)
  isError(t, await call(app, 'GET', '/v2/nothing'), 404)
  const payload = { name: 'ada', password: 'a pass phrase' }
  const { headers } = await call(app, 'POST', '/v2/users', { payload })
  t.match(headers.location, /\/api\/users\/4$/)
  const { url } = await startProcess(t, ['-r', 'routes.json', '-d', 'data.json'], {
    cwd: t.testdir({ 'routes.json': '{"/x":"/healthz"}', 'data.json': '{}' }),
  })
  t.equal((await fetch(`${url}/x`)).status, 200)
})

import t from 'tap'
import { matcher, RequestMatch } from '../../../plugins/workspaces/match.js'
import { compile } from '../../../store/check.js'

const isMatch = compile(RequestMatch)
const request = (path: string, method = 'GET', operation?: string) => ({ path, method, operation })

t.test('a path is exact, or has any name in a place, or any rest', (t) => {
  const cases: [pattern: string, path: string, fits: boolean][] = [
    ['/', '/', true],
    ['/', '/posts', false],
    ['/posts', '/posts', true],
    ['/posts', '/posts/', false],
    ['/posts', '/Posts', false],
    ['/posts', '/posts/1', false],
    ['/posts/*', '/posts/1', true],
    ['/posts/*', '/posts', false],
    ['/posts/*', '/posts/1/comments', false],
    ['/*/1/comments', '/posts/1/comments', true],
    ['/*/1/comments', '/posts/2/comments', false],
    ['/posts/**', '/posts', true],
    ['/posts/**', '/posts/1', true],
    ['/posts/**', '/posts/1/comments', true],
    ['/posts/**', '/postscripts', false],
    ['/posts/*/**', '/posts', false],
    ['/posts/*/**', '/posts/1/comments/2', true],
    ['/**', '/', true],
    ['/**', '/posts/1', true],
    ['/caf%C3%A9', '/caf%c3%a9', true],
    ['/café', '/caf%C3%A9', true],
    ['/a b', '/a%20b', true],
    ['/%70osts', '/posts', true],
    ['/a%2Fb', '/a/b', false],
    ['/%2A', '/x', false],
    ['/%2A', '/*', true],
    ['/%zz', '/%zz', true],
    ['/a.b', '/axb', false],
  ]
  for (const [pattern, path, fits] of cases) {
    t.ok(isMatch({ path: pattern }), pattern)
    t.equal(matcher({ path: pattern })(request(path)), fits, `${pattern} and ${path}`)
  }
  t.end()
})

t.test('all that is said has to hold, and nothing holds for every request', (t) => {
  t.ok(matcher({})(request('/posts/1', 'DELETE')))
  const match = matcher({ method: 'POST', path: '/posts', operation: 'createPost' })
  t.ok(match(request('/posts', 'POST', 'createPost')))
  t.notOk(match(request('/posts', 'PUT', 'createPost')))
  t.notOk(match(request('/post', 'POST', 'createPost')))
  t.notOk(match(request('/posts', 'POST', 'createComment')))
  t.notOk(match(request('/posts', 'POST')))
  t.end()
})

t.test('what is no pattern is refused', (t) => {
  const none = ['', 'posts', '*', '**', '/posts*', '/*s', '/***', '/**/comments', '/a?b=c', '/a#b']
  for (const path of [...none, `/${'a'.repeat(2000)}`]) {
    t.notOk(isMatch({ path }), path)
  }
  for (const match of [{ method: 'post' }, { method: 'BREW' }, { url: '/' }, { operation: '' }]) {
    t.notOk(isMatch(match))
  }
  t.end()
})

t.test('a long pattern and a long path end soon', (t) => {
  const path = '/a'.repeat(1_000_000)
  t.notOk(matcher({ path: `${'/*'.repeat(900)}/**` })(request(`${'/a'.repeat(800)}`)))
  t.ok(matcher({ path: `${'/*'.repeat(900)}/**` })(request(path)))
  t.notOk(isMatch({ path: `${'/**'.repeat(600)}x` }))
  t.end()
})

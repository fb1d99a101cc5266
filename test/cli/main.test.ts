import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import t from 'tap'
import { ROOT, runCommand, startProcess } from '../fixtures/process.js'

t.test('--help and --version', async (t) => {
  const help = runCommand(t, ['--help'])
  t.equal(await help.ended, 0)
  for (const word of ['[data-file]', '--port', '--host', '--apis', 'openapi', '--version']) {
    t.match(help.output.stdout, word)
  }
  const version = runCommand(t, ['--version'])
  t.equal(await version.ended, 0)
  const manifest = JSON.parse(await readFile(`${ROOT}/package.json`, 'utf8'))
  t.equal(version.output.stdout, `${manifest.version}\n`)
})

t.test('flags and the data file come before the environment', async (t) => {
  const folder = t.testdir({
    'mine.json': JSON.stringify({ users: [{ name: 'me', password: 'mine' }] }),
  })
  const { url } = await startProcess(t, ['mine.json', '-H', 'localhost'], {
    cwd: folder,
    env: { HOST: '0.0.0.0', PORT: '1', DATA_FILE: 'other.json' },
  })
  const response = await fetch(`${url}/api/users`)
  t.same(await response.json(), [{ id: 1, name: 'me' }])
})

t.test(
  'without a data file, data.json here is taken, and else the one that is shipped',
  async (t) => {
    const folder = t.testdir({
      empty: {},
      mine: { 'data.json': JSON.stringify({ users: [{ name: 'me', password: 'mine' }] }) },
    })
    const users = async (cwd: string) => {
      const { url } = await startProcess(t, [], { cwd })
      return (await fetch(`${url}/api/users`)).json()
    }
    t.same(await users(`${folder}/mine`), [{ id: 1, name: 'me' }])
    t.same(await users(`${folder}/empty`), [
      { id: 1, name: 'user' },
      { id: 2, name: 'guest' },
      { id: 3, name: 'admin' },
    ])
  },
)

t.test('openapi prints the document without listening, and needs no data file', async (t) => {
  const folder = t.testdir({})
  const run = runCommand(t, ['openapi'], { cwd: folder })
  t.equal(await run.ended, 0)
  t.equal(run.output.stderr, '')
  const document = JSON.parse(run.output.stdout)
  t.equal(document.openapi, '3.1.0')
  t.ok(document.paths['/api/ships/{id}'])

  const wrong = runCommand(t, ['openapi', '--apis', 'nope'])
  t.equal(await wrong.ended, 1)
  t.match(wrong.output.stderr, /^slipway: APIS can't be "nope"/)
})

t.test('a reader that has read enough is no fault', async (t) => {
  const run = runCommand(t, ['openapi'])
  run.child.stdout?.destroy()
  t.equal(await run.ended, 0)
  t.equal(run.output.stderr, '')
})

t.test('what a user can put right is one line, and exit code 1', async (t) => {
  const folder = t.testdir({ 'broken.json': '{"ships": [', 'empty.json': '{}' })
  const faults: [string[], Record<string, string>, RegExp][] = [
    [['--port', 'abc'], {}, /^slipway: PORT can't be "abc": it takes a whole number.*\n$/],
    [[], { LOG_LEVEL: 'loud' }, /^slipway: LOG_LEVEL can't be "loud": it takes one of.*\n$/],
    [[], { JWT_SECRET: 'short' }, /^slipway: JWT_SECRET can't be a value of 5 bytes.*\n$/],
    [['--apis', ''], {}, /^slipway: APIS can't be "".*\n$/],
    [['none.json'], {}, /^slipway: none\.json: can't be read \(no such file\)\n$/],
    [['broken.json'], {}, /^slipway: broken\.json: line 1, column 12 .*: not valid JSON\n$/],
    [
      ['-H', '203.0.113.1', '-p', '0', 'empty.json'],
      {},
      /^slipway: it can't listen: .*203\.0\.113\.1.*\n$/,
    ],
    [
      ['-H', 'nowhere.invalid', 'empty.json'],
      {},
      /^slipway: it can't listen: .*nowhere\.invalid\n$/,
    ],
    [[], { CORS_ORIGIN: 'http://a/' }, /^slipway: CORS_ORIGIN can't be "http:\/\/a\/".*\n$/],
    [['--colour', 'red'], {}, /^error: unknown option '--colour'\n$/],
  ]
  await Promise.all(
    faults.map(async ([args, env, expected]) => {
      const run = runCommand(t, args, { cwd: folder, env })
      t.equal(await run.ended, 1, args.join(' '))
      t.match(run.output.stderr, expected)
      t.notMatch(run.output.stderr, /\n.*\n/)
    }),
  )
})

t.test('a busy port is one line and exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const run = runCommand(t, ['-p', String(port)])
  t.equal(await run.ended, 1)
  t.match(run.output.stderr, `slipway: it can't listen: address already in use 127.0.0.1:${port}\n`)
})

import { readdir, readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { ask, tokensOf } from '../fixtures/many-processes.js'
import { NO_POSTGRES, startPostgres, type TestPostgres } from '../fixtures/postgres.js'
import { finish, startListening, startProcess } from '../fixtures/process.js'
import { query } from '../fixtures/sql.js'

const PASSWORD = 'a pass phrase'

/** The commands, in an empty folder, on a schema of the database of their own. */
function setUp(t: Test, { url }: TestPostgres, schema: string) {
  const cwd = t.testdir({})
  const env = { DATABASE_URL: url, DATABASE_SCHEMA: schema }
  const run = (args: string[], input = '') => finish(t, args, { cwd, input, env })
  return { cwd, env, run }
}

t.test('commands on a database', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)

  t.test('the tables come, what is in them, and go', async (t) => {
    const { run, cwd } = setUp(t, postgres, 'all')
    const steps: [string[], string | number, string?][] = [
      [['user', 'list'], 'slipway: the database has no tables yet: '],
      [['check'], 'slipway: the database has no tables yet: '],
      [['drop_tables', '--yes'], 'slipway: the database has no tables yet: '],
      [
        ['create_tables'],
        0,
        'made the tables of the database: add users to it with "slipway user add"\n',
      ],
      [['init'], 'slipway: the database has its tables already: nothing\n'],
      [
        ['user', 'add', 'ada', '--password-stdin'],
        0,
        'added the user "ada" with the id 1 to the database\n',
      ],
      [
        ['create_admin', 'bob', '--password-stdin'],
        0,
        'added the admin "bob" with the id 2 to the database\n',
      ],
      [['create_user', 'ada', '--password-stdin'], 'slipway: the username "ada" is taken\n'],
      [['project', 'add', 'One'], 0, 'added the project "One" with the id 1 to the database\n'],
      [['create_project', 'Two'], 0, 'added the project "Two" with the id 2 to the database\n'],
      [['create_project', 'One'], 'slipway: the project\'s name "One" is taken\n'],
      [['member', 'add', 'ada', 'One'], 0, '"ada" is a member of "One" now\n'],
      [['create_relation', 'ada', 'Two'], 0, '"ada" is a member of "Two" now\n'],
      [['create_relation', 'ada', 'Two'], 'slipway: "ada" is a member of "Two" already\n'],
      [['delete_relation', 'ada', 'Two'], 0, '"ada" is no longer a member of "Two"\n'],
      [['check'], 0, 'the database is good: 2 users, 2 projects and 1 membership\n'],
      [
        ['user', 'list'],
        0,
        'ID  USERNAME  EMAIL  ADMIN  PROJECTS\n1   ada                     One\n2   bob              yes\n',
      ],
      [['project', 'list', '--json'], 0],
      [['project', 'remove', 'Two'], 0, 'removed the project "Two" from the database\n'],
      [['delete_user', 'ada'], 0, 'removed the user "ada" from the database, with 1 membership\n'],
      [['delete_user', 'ada'], 'slipway: no user has the name "ada"\n'],
      [['drop'], 'slipway: missing: --yes; there is no terminal to ask for it\n'],
      [['drop_tables', '--yes'], 0, 'deleted all of the database: 1 user and 1 project\n'],
      [['create_tables'], 0],
      [['check'], 0, 'the database is good: nothing\n'],
    ]
    for (const [args, expected, said] of steps) {
      const { code, stdout, stderr } = await run(args, PASSWORD)
      const what = `${args.join(' ')}: ${stdout}${stderr}`
      if (expected === 0) {
        t.equal(code, 0, what)
        if (said !== undefined) t.equal(stdout, said, what)
      } else {
        t.equal(code, args[0] === 'drop' ? 2 : 1, what)
        t.ok(stderr.startsWith(String(expected)), what)
        t.equal(stdout, '', what)
      }
    }
    t.same(await readdir(cwd), [], 'no file comes')
  })

  t.test('a password is there as a hash', async (t) => {
    const { run } = setUp(t, postgres, 'hashes')
    await run(['init'])
    t.equal((await run(['user', 'add', 'ada', '--password-stdin'], PASSWORD)).code, 0)
    const rows = await query(postgres.url, 'select u::text as row from hashes.users u')
    t.match(JSON.stringify(rows), /\$argon2id\$/)
    t.notMatch(JSON.stringify(rows), PASSWORD)
  })

  t.test('servers that run have it at once', async (t) => {
    const { run, env, cwd } = setUp(t, postgres, 'served')
    await run(['create_tables'])
    const { url, child, ended } = await startProcess(t, [], { env, cwd })
    t.same((await ask(`${url}/api/users`)).body, [], 'no user has come with the start')
    t.equal((await run(['user', 'add', 'ada', '--password-stdin'], PASSWORD)).code, 0)
    const { access: token } = await tokensOf(url, 'ada', PASSWORD)
    t.equal((await ask(`${url}/dmps`, 'POST', { token, json: { project: 'One' } })).status, 201)
    const dropped = await run(['drop', '--yes'])
    t.match(dropped, { code: 1, stderr: /^slipway: .*stop.*\n$/ })
    t.equal((await ask(`${url}/dmps`, 'GET', { token })).status, 200)
    const removed = await run(['user', 'remove', 'ada'])
    t.equal(removed.stdout, 'removed the user "ada" from the database, with 1 plan\n')
    t.equal((await ask(`${url}/dmps`, 'GET', { token })).status, 401)
    child.kill('SIGTERM')
    await ended
    t.equal((await run(['drop', '--yes'])).code, 0)
  })

  t.test('a database that a server has filled is worked on too', async (t) => {
    const { run, env, cwd } = setUp(t, postgres, 'filled')
    const { url } = await startProcess(t, [], { env, cwd })
    t.match((await run(['check'])).stdout, /^the database is good: 3 users, 15 ships/)
    t.match(await run(['create_tables']), { code: 1, stderr: /has its tables already: 3 users/ })
    t.equal((await run(['user', 'remove', 'guest'])).code, 0)
    const { body } = await ask(`${url}/api/users`)
    t.same(body, [
      { id: 1, name: 'user' },
      { id: 3, name: 'admin' },
    ])
  })

  t.test('it can be developed with, but for what is about a data file', async (t) => {
    const { env, cwd } = setUp(t, postgres, 'developed')
    const production = { ...env, NODE_ENV: 'production' }
    const args = ['runserver', '-p', '0']
    const { url, child, ended, output } = await startListening(t, args, { env: production, cwd })
    t.match(output.stdout, /^\[[\d:.]+\] INFO: Slipway is listening/m)
    t.equal((await ask(`${url}/api/v1/admin/user_list`)).status, 200, 'no production')
    child.kill('SIGINT')
    t.equal(await ended, 0)
    for (const command of ['serve', 'runserver']) {
      const { code, stderr } = await finish(t, [command, '--watch'], { env, cwd })
      t.equal(code, 2)
      t.match(stderr, /^slipway: --watch starts anew from the data file, [^\n]+\n$/)
    }
  })

  t.test('a start that fails once the database is open ends all the same', async (t) => {
    const { env } = setUp(t, postgres, 'failed')
    const cwd = t.testdir({ 'db.json': '{"posts":[],"api":[]}' })
    const args = ['db.json', '--apis', 'fleet', '-p', '0']
    const { code, stderr } = await finish(t, args, { env, cwd })
    t.equal(code, 1)
    t.match(stderr, /^slipway: db\.json:1:13: \/api: [^\n]+\n$/)
  })

  t.test('commands at once lose nothing', async (t) => {
    const { run } = setUp(t, postgres, 'at_once')
    await run(['init'])
    const names = Array.from({ length: 8 }, (_, index) => `Project ${index}`)
    const runs = await Promise.all(names.map((name) => run(['project', 'add', name])))
    for (const { code, stderr } of runs) t.equal(code, 0, stderr)
    const { stdout } = await run(['project', 'list', '--json'])
    const projects: { id: number; name: string }[] = JSON.parse(stdout)
    t.same(projects.map(({ name }) => name).sort(), names)
    t.equal(new Set(projects.map(({ id }) => id)).size, names.length)
  })

  t.test('of many that make the tables one wins', async (t) => {
    const { run } = setUp(t, postgres, 'made')
    const runs = await Promise.all(Array.from({ length: 4 }, () => run(['create_tables'])))
    t.same(runs.map(({ code }) => code).sort(), [0, 1, 1, 1])
  })

  t.test('a data file that is named is what a command is about', async (t) => {
    const { run, cwd } = setUp(t, postgres, 'unused')
    const file = ['--data-file', 'mine.json']
    t.equal((await run(['init', 'mine.json'])).code, 0)
    t.equal(
      (await run(['project', 'add', 'One', ...file])).stdout,
      'added the project "One" with the id 1 to mine.json\n',
    )
    t.match(await readFile(`${cwd}/mine.json`, 'utf8'), '"One"')
    t.match((await run(['check', 'mine.json'])).stdout, /^mine\.json is good: /)
    const both = await run(['user', 'list', ...file, '--database', postgres.url])
    t.match(both, { code: 2, stderr: /a data file and --database are two places/ })
    const schemas = await query(postgres.url, "select from pg_namespace where nspname = 'unused'")
    t.equal(schemas.length, 0)
  })
})

t.test('a database that is not there is told in one line, without its password', async (t) => {
  const address = 'postgres://ada:a-secret@127.0.0.1:1/none'
  const env = { DATABASE_WAIT: '1s' }
  for (const args of [['user', 'list'], ['create_tables'], ['drop', '--yes'], ['check']]) {
    const run = await finish(t, [...args, '--database', address], { env, cwd: t.testdir({}) })
    t.equal(run.code, 1)
    t.match(run.stderr, /^slipway: [^\n]+\n$/)
    t.notMatch(run.stderr + run.stdout, 'a-secret')
  }
})

t.test('an address that is none is wrong usage', async (t) => {
  const run = await finish(t, ['user', 'list', '--database', 'mysql://localhost'])
  t.equal(run.code, 2)
  t.match(run.stderr, /^slipway: --database can't be /)
})

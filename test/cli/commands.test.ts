import { chmod, lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { verify } from '@node-rs/argon2'
import t, { type Test } from 'tap'
import { finish, ROOT } from '../fixtures/process.js'

const PASSWORD = 'a pass phrase'

/** A folder with a data file in it, and the command run there. */
function setUp(t: Test, data: unknown) {
  const text = typeof data === 'string' ? data : JSON.stringify(data, null, 2)
  const cwd = t.testdir({ 'data.json': text })
  const read = () => readFile(`${cwd}/data.json`, 'utf8')
  return {
    cwd,
    text,
    read,
    parsed: async () => JSON.parse(await read()),
    run: (args: string[], input = '') => finish(t, args, { cwd, input }),
  }
}

const ada = { id: 1, name: 'ada', password: 'x' }

t.test('user add stores a hash of the password that standard input holds', async (t) => {
  const { run, parsed, read } = setUp(t, { users: [ada] })
  const flags = ['--admin', '--email', 'bob@example.com', '--password-stdin']
  const added = await run(['user', 'add', 'bob', ...flags], `${PASSWORD}\r\n`)
  t.same(added, {
    code: 0,
    stdout: 'added the admin "bob" with the id 2 to data.json\n',
    stderr: '',
  })
  const [, bob] = (await parsed()).users
  t.match(bob, { id: 2, name: 'bob', email: 'bob@example.com', admin: true })
  t.ok(await verify(bob.passwordHash, PASSWORD), 'without the line break')
  t.match(bob.passwordHash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.notMatch(await read(), PASSWORD)
  t.equal((await run(['create_user', 'cyd', '--password-stdin'], 'x\n\n')).code, 0)
  const [, , cyd] = (await parsed()).users
  t.ok(await verify(cyd.passwordHash, 'x\n'), 'one line break alone goes')
  t.equal((await run(['check'])).code, 0)
})

t.test('user add refuses what the server would refuse', async (t) => {
  const { run, read, text } = setUp(t, { users: [ada] })
  const calls: [string[], string, RegExp][] = [
    [['ada'], 'x', /^slipway: the username "ada" is taken\n$/],
    [['b'], 'x', /^slipway: the username must NOT have fewer than 2 characters\n$/],
    [['b:c'], 'x', /^slipway: the username can't have that: .*no colon.*\n$/],
    [['bob'], '', /^slipway: the password must not be empty\n$/],
    [['bob'], '\n', /^slipway: the password must not be empty\n$/],
    [
      ['bob'],
      'x'.repeat(1025),
      /^slipway: the password must NOT have more than 1024 characters\n$/,
    ],
    [['bob'], 'x'.repeat(200_000), /^slipway: the password on standard input is too long\n$/],
    [['bob', '--email', 'x'.repeat(255)], 'x', /^slipway: the email must NOT have more than 254/],
    [['bob', '--email', 'x\ny\u001b[31m'], 'x', /^slipway: the email can't have that: .*\n$/],
    [['bob', '--email', 'x\u009b'], 'x', /^slipway: the email can't have that: .*\n$/],
  ]
  for (const [args, input, expected] of calls) {
    const { code, stdout, stderr } = await run(['user', 'add', ...args, '--password-stdin'], input)
    t.equal(code, 1, args.join(' '))
    t.match(stderr, expected)
    t.equal(stdout, '')
  }
  t.equal(await read(), text)
})

t.test('user remove does what deleting the account does', async (t) => {
  const { run, read } = setUp(
    t,
    `{
  "users": [
    { "name": "ada", "password": "x" },
    { "username": "bob", "password": "x" },
    { "name": "cyd", "password": "x" }
  ],
  "articles": [
    { "title": "A", "text": "A", "author.username": "bob" },
    { "title": "B", "text": "B", "user_id": 3 }
  ],
  "templates": [{ "title": "A", "url": "http://a/", "username": "bob", "user_id": "bob" }],
  "projects": [{ "name": "One" }],
  "memberships": [
    { "user_id": 2, "project_id": 1 },
    { "user_id": 3, "project_id": 1 }
  ],
  "dmps": [{ "user": "bob" }, { "user": "ada", "n": 1.0 }]
}
`,
  )
  const { code, stdout } = await run(['user', 'remove', 'bob'])
  t.equal(code, 0)
  t.equal(
    stdout,
    'removed the user "bob" from data.json, with 1 membership and 1 plan; without an author now: 1 article and 1 template\n',
  )
  t.equal(
    await read(),
    `{
  "users": [
    { "name": "ada", "password": "x" },
    { "id": 3, "name": "cyd", "password": "x" }
  ],
  "articles": [
    { "title": "A", "text": "A", "author.username": null },
    { "title": "B", "text": "B", "user_id": 3 }
  ],
  "templates": [{ "title": "A", "url": "http://a/", "username": null, "user_id": null }],
  "projects": [{ "name": "One" }],
  "memberships": [
    { "id": 2, "user_id": 3, "project_id": 1 }
  ],
  "dmps": [{ "user": "ada", "n": 1.0 }]
}
`,
  )
  const again = await run(['delete_user', 'bob'])
  t.equal(again.code, 1)
  t.equal(again.stderr, 'slipway: no user has the name "bob"\n')
})

t.test('projects and memberships come and go', async (t) => {
  const { run, parsed } = setUp(t, { users: [ada] })
  const steps: [string[], number, string][] = [
    [
      ['project', 'add', 'One', '--description', 'First'],
      0,
      'added the project "One" with the id 1',
    ],
    [['create_project', 'Two'], 0, 'added the project "Two" with the id 2 to data.json\n'],
    [['project', 'add', 'One'], 1, 'slipway: the project\'s name "One" is taken\n'],
    [['project', 'add', ''], 1, "slipway: the project's name must not be empty\n"],
    [['member', 'add', 'ada', 'One'], 0, '"ada" is a member of "One" now\n'],
    [['create_relation', 'ada', 'Two'], 0, '"ada" is a member of "Two" now\n'],
    [['member', 'add', 'ada', 'One'], 1, 'slipway: "ada" is a member of "One" already\n'],
    [['member', 'add', 'bob', 'One'], 1, 'slipway: no user has the name "bob"\n'],
    [['member', 'add', 'ada', 'No'], 1, 'slipway: no project has the name "No"\n'],
    [['delete_relation', 'ada', 'Two'], 0, '"ada" is no longer a member of "Two"\n'],
    [['member', 'remove', 'ada', 'Two'], 1, 'slipway: "ada" is not a member of "Two"\n'],
    [
      ['project', 'remove', 'One'],
      0,
      'removed the project "One" from data.json, with 1 membership\n',
    ],
    [['delete_project', 'One'], 1, 'slipway: no project has the name "One"\n'],
  ]
  for (const [args, expected, said] of steps) {
    const { code, stdout, stderr } = await run(args)
    t.equal(code, expected, args.join(' '))
    t.match(stdout + stderr, said)
  }
  t.same(await parsed(), { users: [ada], projects: [{ id: 2, name: 'Two' }], memberships: [] })
})

t.test('lists are tables, or JSON, and obey no control character', async (t) => {
  const { run } = setUp(t, {
    users: [
      ada,
      {
        id: 7,
        username: '海港',
        passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(11)}$${'A'.repeat(16)}`,
        email: 'a\u001b[2J\u009b@b',
        admin: true,
      },
    ],
    projects: [
      { id: 4, name: 'One', description: `\u202e${'long '.repeat(100)}` },
      { name: 'Two' },
    ],
    memberships: [
      { user_id: 7, project_id: 4 },
      { user_id: 1, project_id: 4 },
      { user_id: 7, project_id: 5 },
    ],
  })
  t.equal(
    (await run(['user', 'list'])).stdout,
    `ID  USERNAME  EMAIL               ADMIN  PROJECTS
1   ada                                  One
7   海港      a\\u001b[2J\\u009b@b  yes    One, Two
`,
  )
  const users = await run(['user', 'list', '--json'])
  t.same(JSON.parse(users.stdout), [
    { id: 1, username: 'ada', email: null, admin: false, projects: ['One'] },
    { id: 7, username: '海港', email: 'a\u001b[2J\u009b@b', admin: true, projects: ['One', 'Two'] },
  ])
  t.notMatch(users.stdout, /[^\P{Cc}\n]|argon2/u)
  const projects = await run(['project', 'list'])
  t.match(projects.stdout, /^4 {3}One {3}\\u202elong .*… {2}海港, ada$/m)
  t.match(projects.stdout, /^5 {3}Two {10,}海港$/m)
  t.match(JSON.parse((await run(['project', 'list', '--json'])).stdout), [
    { id: 4, name: 'One', members: ['海港', 'ada'] },
    { id: 5, name: 'Two', description: null, members: [] },
  ])
})

t.test('init writes a file that the server takes, and never over another', async (t) => {
  const cwd = t.testdir({})
  const first = await finish(t, ['init'], { cwd })
  t.match(first, { code: 0, stdout: /^wrote data\.json: .*\n$/, stderr: '' })
  const text = await readFile(`${cwd}/data.json`, 'utf8')
  const checked = await finish(t, ['check'], { cwd })
  t.match(checked, { code: 0, stdout: 'data.json is good: 1 ship and 1 article\n' })
  const again = await finish(t, ['create_tables'], { cwd })
  t.same(again, { code: 1, stdout: '', stderr: 'slipway: data.json is there already\n' })
  t.equal(await readFile(`${cwd}/data.json`, 'utf8'), text)

  await symlink('nowhere.json', `${cwd}/link.json`)
  t.equal((await finish(t, ['init', 'link.json'], { cwd })).code, 1, 'not through a link either')
  const named = await finish(t, ['init'], { cwd, env: { DATA_FILE: 'named.json' } })
  t.equal(named.code, 0)
  t.equal(await readFile(`${cwd}/named.json`, 'utf8'), text)
  t.match(await finish(t, ['init', 'none/data.json'], { cwd }), {
    code: 1,
    stderr: "slipway: none/data.json: can't be written (no such file)\n",
  })
})

t.test('check tells what is in a file, or its fault', async (t) => {
  const shipped = await finish(t, ['check', 'data.json'], { cwd: ROOT })
  t.equal(shipped.code, 0)
  t.match(
    shipped.stdout,
    /^data\.json is good: 3 users, 15 ships, .* templates.*\n3 passwords .*\n$/,
  )
  const { run } = setUp(t, { ships: [{}] })
  t.match(await run(['check']), {
    code: 1,
    stdout: '',
    stderr:
      /^(slipway: data\.json:\d+:\d+: \/ships\/0\/\w+: is missing\n){8}slipway: .*--apis none.*\n$/,
  })
  t.match(await run(['check', 'none.json']), { code: 1, stderr: /none\.json: can't be read/ })
})

t.test('drop leaves an empty file, which can be filled again', async (t) => {
  const { run } = setUp(t, { users: [ada], applications: { app: 'some-token' } })
  t.match(await run(['drop_tables', '--yes']), {
    code: 0,
    stdout: 'deleted all of data.json: 1 user and 1 application\n',
  })
  t.match(await run(['check']), { code: 0, stdout: 'data.json is good: nothing\n' })
  t.equal((await run(['create_admin', 'bob', '--password-stdin'], 'x')).code, 0)
  t.match(await run(['check']), { stdout: 'data.json is good: 1 user\n' })
})

t.test(
  'the file is the one that is named, or the one here, and never the shipped one',
  async (t) => {
    const cwd = t.testdir({ 'a.json': '{}', 'b.json': '{}', empty: {} })
    const env = { DATA_FILE: 'b.json' }
    t.equal((await finish(t, ['project', 'add', 'A', '-d', 'a.json'], { cwd, env })).code, 0)
    t.equal((await finish(t, ['project', 'add', 'B'], { cwd, env })).code, 0)
    t.match(await readFile(`${cwd}/a.json`, 'utf8'), /"A"/)
    t.match(await readFile(`${cwd}/b.json`, 'utf8'), /"B"/)
    const lists = [
      ['user', 'add', 'bob', '--password-stdin'],
      ['project', 'list'],
      ['check'],
      ['drop', '--yes'],
    ]
    for (const args of lists) {
      const { code, stderr } = await finish(t, args, { cwd: `${cwd}/empty`, input: 'x' })
      t.equal(code, 1)
      t.match(
        stderr,
        /^slipway: no data\.json in this folder: make one with "slipway init", or .*\n$/,
      )
    }
  },
)

t.test('an edit keeps what it does not know: marks, line ends, modes and links', async (t) => {
  const text = '\uFEFF{\r\n  "dmps": [],\r\n  "projects": [ { "name":"A\\u0041" } ]\r\n}'
  const cwd = t.testdir({ real: { 'mine.json': text } })
  await chmod(`${cwd}/real/mine.json`, 0o640)
  await symlink('real/mine.json', `${cwd}/data.json`)
  t.equal((await finish(t, ['project', 'add', 'B'], { cwd })).code, 0)
  t.equal(
    await readFile(`${cwd}/real/mine.json`, 'utf8'),
    '\uFEFF{\r\n  "dmps": [],\r\n  "projects": [ { "name":"A\\u0041" },{ "id":2,"name":"B" } ]\r\n}',
  )
  t.ok((await lstat(`${cwd}/data.json`)).isSymbolicLink())
  t.equal((await stat(`${cwd}/real/mine.json`)).mode & 0o777, 0o640)
})

t.test('what is hidden too deeply is not edited', async (t) => {
  const depth = 100_000
  const hidden = `{"dmps": [${'['.repeat(depth)}${']'.repeat(depth)}], "dmps": []}`
  const { run, read } = setUp(t, hidden)
  t.same(await run(['project', 'add', 'One']), {
    code: 1,
    stdout: '',
    stderr: 'slipway: data.json: nested too deeply to be edited\n',
  })
  t.equal(await read(), hidden)
})

t.test('a file with a fault is not edited', async (t) => {
  const { cwd, run } = setUp(t, '{}')
  for (const broken of ['{"users": [', '{"starships": []}', '{"users": [{"name": "ada"}]}']) {
    await writeFile(`${cwd}/data.json`, broken)
    for (const args of [
      ['project', 'add', 'A'],
      ['user', 'remove', 'ada'],
      ['drop', '--yes'],
    ]) {
      const { code, stderr } = await run(args)
      t.equal(code, 1)
      t.match(stderr, /^slipway: data\.json:1:\d+: .*\n$/)
    }
    t.equal(await readFile(`${cwd}/data.json`, 'utf8'), broken)
  }
})

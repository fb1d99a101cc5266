import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { type Command, CommanderError } from 'commander'
import t from 'tap'
import { buildProgram } from '../../cli/program.js'
import { UsageError } from '../../cli/say.js'
import { finish, ROOT, runCommand, startListening, startProcess } from '../fixtures/process.js'

const EMPTY_NAME = /^error: .* A file's name can't be empty\.\n$/

/** Reads a command line in this process, and gives what that prints, and the error that it ends with. */
async function read(
  args: string[],
): Promise<{ error: CommanderError | UsageError; stdout: string; stderr: string }> {
  const program = buildProgram()
  const output = { stdout: '', stderr: '' }
  for (const command of withSubcommands(program)) {
    command.configureOutput({
      writeOut: (text) => {
        output.stdout += text
      },
      writeErr: (text) => {
        output.stderr += text
      },
    })
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return { error, ...output }
    if (!(error instanceof UsageError)) throw error
    return { error, ...output, stderr: `slipway: ${error.message}\n` }
  }
  throw new Error(`${args.join(' ')} has been done`)
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

t.test('--help and --version', async (t) => {
  const help = runCommand(t, ['--help'])
  t.equal(await help.ended, 0)
  for (const word of ['[data-file]', '--port', '--host', '--apis', 'openapi', '--version']) {
    t.match(help.output.stdout, word)
  }
  const manifest = JSON.parse(await readFile(`${ROOT}/package.json`, 'utf8'))
  for (const flag of ['--version', '-v']) {
    t.match(await finish(t, [flag]), { code: 0, stdout: `${manifest.version}\n` })
  }
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

t.test('every command that serves takes --data-file too', async (t) => {
  const folder = t.testdir({
    'mine.json': JSON.stringify({ users: [{ name: 'me', password: 'mine' }] }),
  })
  for (const args of [['-d'], ['serve', '--data-file'], ['runprodserver', '-d']]) {
    const { url } = await startListening(t, [...args, 'mine.json', '-p', '0'], { cwd: folder })
    t.same(await (await fetch(`${url}/api/users`)).json(), [{ id: 1, name: 'me' }])
  }
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
  // Nor does it ask a database, which it would fill.
  const env = { DATABASE_URL: 'postgres://127.0.0.1:1/none' }
  const run = runCommand(t, ['openapi'], { cwd: folder, env })
  t.equal(await run.ended, 0)
  t.equal(run.output.stderr, '')
  const document = JSON.parse(run.output.stdout)
  t.equal(document.openapi, '3.1.0')
  t.ok(document.paths['/api/ships/{id}'])

  const wrong = runCommand(t, ['openapi', '--apis', 'nope'])
  t.equal(await wrong.ended, 2)
  t.match(wrong.output.stderr, /^slipway: --apis can't be "nope"/)
})

t.test('a reader that has read enough is no fault', async (t) => {
  const run = runCommand(t, ['openapi'])
  run.child.stdout?.destroy()
  t.equal(await run.ended, 0)
  t.equal(run.output.stderr, '')
})

t.test('an exit code does not need a reader', async (t) => {
  const run = runCommand(t, ['foo'])
  run.child.stderr?.destroy()
  t.equal(await run.ended, 2)
})

t.test(
  'a full disk under the output is one line',
  { skip: !existsSync('/dev/full') },
  async (t) => {
    const cwd = t.testdir({ 'data.json': '{}' })
    for (const args of [['check'], ['project', 'add', 'One'], ['openapi']]) {
      t.same(await finish(t, args, { cwd, before: 'exec > /dev/full' }), {
        code: 1,
        stdout: '',
        stderr: "slipway: the output can't be written (ENOSPC)\n",
      })
    }
  },
)

t.test('what a user can put right is one line, and exit code 1', async (t) => {
  const folder = t.testdir({ 'broken.json': '{"ships": [', 'empty.json': '{}' })
  const faults: [string[], Record<string, string>, RegExp][] = [
    [[], { PORT: 'abc' }, /^slipway: PORT can't be "abc": it takes a whole number.*\n$/],
    [['serve'], { LOG_LEVEL: 'loud' }, /^slipway: LOG_LEVEL can't be "loud": it takes one of.*\n$/],
    [[], { JWT_SECRET: 'short' }, /^slipway: JWT_SECRET can't be a value of 5 bytes.*\n$/],
    [['none.json'], {}, /^slipway: none\.json: can't be read \(no such file\)\n$/],
    [['runserver', 'broken.json'], {}, /^slipway: broken\.json:1:12: .*\n$/],
    [['broken.json'], {}, /^slipway: broken\.json:1:12: not valid JSON: a \] is missing here\n$/],
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

t.test('wrong usage is exit code 2', async (t) => {
  for (const args of [['--port', 'abc'], ['--colour', 'red'], ['usr'], ['init', ''], ['user']]) {
    const { code, stdout, stderr } = await finish(t, args)
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.equal(stderr, (await read(args)).stderr, 'as below')
  }
})

t.test('wrong usage is told in a line, or with help', async (t) => {
  t.chdir(t.testdir({ word: '{}', 'data.json': '{}' }))
  const calls: [string[], RegExp][] = [
    [['--port', 'abc'], /^slipway: --port can't be "abc": it takes a whole number.*\n$/],
    [['-p', '1', 'serve', '-p', 'abc'], /^slipway: --port can't be "abc".*\n$/],
    [['runprodserver', '-h'], /^error: option '-h, --host <host>' argument missing\n$/],
    [['--fks', ''], /^slipway: --foreign-key-suffix can't be "".*\n$/],
    [['serve', '--prefix', '/'], /^slipway: --prefix can't be "\/".*\n$/],
    [['runserver', '-i', 'a b'], /^slipway: --id can't be "a b".*\n$/],
    [['--apis', ''], /^slipway: --apis can't be "".*\n$/],
    [['--colour', 'red'], /^error: unknown option '--colour'\n$/],
    [['usr', 'add'], /^error: 'usr' is neither a command nor a file here.*\n$/],
    [['usr'], /^error: 'usr' is neither a command nor a file here.*\n$/],
    [['word', 'data.json'], /^error: too many arguments.*\n$/],
    [['data.json', 'add'], /^error: too many arguments.*\n$/],
    [['user', 'ad'], /^error: unknown command 'ad'\n\(Did you mean add\?\)\n$/],
    [['user', 'add', 'a', 'b'], /^error: too many arguments.*\n$/],
    [['user', 'add', 'bob', '--password', 'x'], /^error: unknown option '--password'\n/],
    [['user'], /^Usage: slipway user /],
    [[''], EMPTY_NAME],
    [['serve', ''], EMPTY_NAME],
    [['serve', '-d', ''], EMPTY_NAME],
    [['-d', 'word', 'drop', '--yes'], /^error: put --data-file after the command\n$/],
    [['-d', 'word', 'user', 'list'], /^error: put --data-file after the command\n$/],
    [['runserver', ''], EMPTY_NAME],
    [['init', ''], EMPTY_NAME],
    [['check', ''], EMPTY_NAME],
    [['drop', '--yes', ''], EMPTY_NAME],
    [['init', '--data-file', ''], EMPTY_NAME],
    [['check', '--data-file='], EMPTY_NAME],
    [['user', 'list', '-d', ''], EMPTY_NAME],
    [['project', 'add', 'One', '-d', ''], EMPTY_NAME],
    [['member', 'remove', 'ada', 'One', '-d', ''], EMPTY_NAME],
  ]
  for (const [args, expected] of calls) {
    const { error, stdout, stderr } = await read(args)
    t.not(error instanceof CommanderError && error.exitCode, 0, args.join(' '))
    t.match(stderr, expected)
    t.equal(stdout, '')
  }
})

t.test('every command has help, under -? too', async (t) => {
  const names = [
    ...['serve', 'init', 'check', 'drop', 'openapi', 'user add', 'user remove', 'user list'],
    ...['project add', 'project remove', 'project list', 'member add', 'member remove'],
    ...['create_user', 'create_admin', 'delete_user', 'create_project', 'delete_project'],
    ...['create_relation', 'delete_relation', 'create_tables', 'drop_tables'],
    ...['runserver', 'runprodserver'],
  ]
  for (const name of names) {
    const { error, stdout, stderr } = await read([...name.split(' '), '-?'])
    t.match(error, { exitCode: 0 }, name)
    t.match(stdout, `Usage: slipway ${name} `)
    t.match(stdout, '-?, --help')
    t.equal(stderr, '')
  }
  const help = await finish(t, ['user', 'add', '-h'])
  t.match(help, { code: 0, stdout: /^Usage: slipway user add/, stderr: '' })
  t.match(await read(['help', 'drop']), {
    error: { exitCode: 0 },
    stdout: /^Usage: slipway drop/,
  })
  const { stdout } = await read(['-?'])
  const [, aliases = ''] = stdout.split('Other names:\n')
  for (const name of names.filter((each) => /_|run/.test(each))) {
    t.match(aliases, new RegExp(`^  ${name} .*alias of \\w`, 'm'))
  }
})

t.test("the document's servers take its flags", async (t) => {
  const folder = t.testdir({ 'data.json': '{"users": [{"name": "me", "password": "x"}]}' })
  const flags = ['-h', 'localhost', '-p', '0']
  const list = async (args: string[]) => {
    const { url } = await startListening(t, args, { cwd: folder })
    return (await fetch(`${url}/api/v1/admin/user_list`)).status
  }
  t.equal(await list(['runprodserver', ...flags]), 404, 'as in production')
  t.equal(await list(['serve', '-H', 'localhost', '-p', '0', 'data.json']), 200)
})

t.test('a busy port is one line and exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const run = runCommand(t, ['-p', String(port)])
  t.equal(await run.ended, 1)
  t.match(
    run.output.stderr,
    `slipway: it can't listen: address already in use 127.0.0.1:${port}; choose another with --port or PORT\n`,
  )
})

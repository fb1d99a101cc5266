import { access } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { version } from '../config.js'
import type { CheckFlags } from './check.js'
import type { DropFlags } from './drop.js'
import type { ProjectFlags } from './project/add.js'
import { addDescribing, addServing, apis, id } from './serving.js'
import type { ServeFlags } from './settings.js'
import type { ListFlags, TargetFlags } from './target.js'
import type { UserFlags } from './user/add.js'

const ALIASES = 'Other names:'

const served = [
  '[data-file]',
  'the data to start with: .json, .jsonc, .json5, or a .js or .mjs that makes it (default: data.json here, or the one that is shipped)',
  fileName,
] as const
const edited = [
  '[data-file]',
  'the data file (default: DATA_FILE, or data.json here)',
  fileName,
] as const
const dataFile = [
  '-d, --data-file <file>',
  'the data file (default: DATA_FILE, or data.json here)',
  fileName,
] as const
const servedToo = [
  '-d, --data-file <file>',
  'the same as [data-file], as the other commands have it',
  fileName,
] as const
const database = [
  '--database <url>',
  'a PostgreSQL database in place of the file (better in DATABASE_URL)',
] as const
const json = ['--json', 'print JSON'] as const
const username = ['[username]', "the user's name; asked for without it"] as const
const project = ['[project]', "the project's name; asked for without it"] as const

/**
 * The command line: every command, and the names that it has beside. What a command does is loaded when it is called, so
 * that a start of the server reads nothing of the others.
 */
export function buildProgram(): Command {
  const program = new Command('slipway')
    .description('A demo and prototyping API server. Every setting is an environment variable too.')
    .version(version, '-v, --version', 'display the version')
    .helpOption('-?, --help', 'display help for command')
    .exitOverride()
    .enablePositionalOptions()
    .argument(...served)
    .option(...servedToo)
    .action(async (file: string | undefined, flags: ServeFlags) => {
      await refuseUnknownCommand(program)
      await (await import('./serve.js')).serveData(file, flags)
    })
    .hook('preSubcommand', () => {
      // It would be lost, and the command be about another file.
      if (program.opts<TargetFlags>().dataFile === undefined) return
      program.error('error: put --data-file after the command')
    })
    .helpCommand('help [command]', 'display help for command')
  addServing(program)

  addServe(program, 'serve')
  const user = program.command('user').description('the users of the data file, or the database')
  const projects = program
    .command('project')
    .description('the projects of the data file, or the database')
  const member = program.command('member').description('who works on which project')
  addUserAdd(user, 'add')
  addUserRemove(user, 'remove')
  addUserList(user, 'list')
  addProjectAdd(projects, 'add')
  addProjectRemove(projects, 'remove')
  addProjectList(projects, 'list')
  addMemberAdd(member, 'add')
  addMemberRemove(member, 'remove')
  addInit(program, 'init')
  addCheck(program, 'check')
  addDrop(program, 'drop')
  addOpenapi(program, 'openapi')
  addOwn(program, 'types', 'print TypeScript types for your own collections', async (...args) => {
    await (await import('./types.js')).printTypes(...args)
  })
  addOwn(
    program,
    'freeze',
    "write your own collections' shapes into the data file, as schemas to hold them to",
    async (...args) => {
      await (await import('./freeze.js')).freeze(...args)
    },
  )

  addRunServer(program, 'runserver', { dev: true }, {}, 'serve --dev')
  addRunServer(
    program,
    'runprodserver',
    {},
    { nodeEnv: 'production' },
    'serve, with NODE_ENV=production',
  )
  alias(addInit(program, 'create_tables'), 'init')
  alias(addDrop(program, 'drop_tables'), 'drop')
  alias(addUserAdd(program, 'create_user', { asksEmail: true }), 'user add, asks for the email too')
  alias(
    addUserAdd(program, 'create_admin', { asksEmail: true, admin: true }),
    'user add --admin, asks for the email too',
  )
  alias(addUserRemove(program, 'delete_user'), 'user remove')
  alias(
    addProjectAdd(program, 'create_project', { asksDescription: true }),
    'project add, asks for the description too',
  )
  alias(addProjectRemove(program, 'delete_project'), 'project remove')
  alias(addMemberAdd(program, 'create_relation'), 'member add')
  alias(addMemberRemove(program, 'delete_relation'), 'member remove')

  // Last, since commands take over what their parent allows: `refuseUnknownCommand` has better words for it.
  program.allowExcessArguments()
  addShortHelp(program)
  return program
}

function addServe(parent: Command, name: string): void {
  addServing(parent.command(name))
    .description('start the server; without a command too')
    .argument(...served)
    .option(
      '--dev',
      'develop: readable logs, and without a database a new start whenever the data file changes',
    )
    .option(...servedToo)
    .action(async (file: string | undefined, flags: ServeFlags) => {
      await (await import('./serve.js')).serveData(file, { ...parent.opts<ServeFlags>(), ...flags })
    })
}

/** As the document has it, `-h` is the host here. */
function addRunServer(
  parent: Command,
  name: string,
  own: ServeFlags,
  settings: { readonly [name: string]: string },
  meaning: string,
): void {
  const command = addServing(parent.command(name), 'h')
    .argument(...served)
    .option(...servedToo)
    .action(async (file: string | undefined, flags: ServeFlags) => {
      const all = { ...parent.opts<ServeFlags>(), ...flags, ...own }
      await (await import('./serve.js')).serveData(file, all, settings)
    })
  alias(command, meaning)
}

function addUserAdd(parent: Command, name: string, own: UserFlags = {}): Command {
  const command = parent
    .command(name)
    .description('add a user, with a hash of their password')
    .argument(...username)
    .option('--email <email>', 'their email')
    .option('--password-stdin', 'read the password from standard input, for scripts')
    .option(...dataFile)
    .option(...database)
    .action(async (given: string | undefined, flags: UserFlags) => {
      await (await import('./user/add.js')).addUser(given, { ...flags, ...own })
    })
  return own.admin ? command : command.option('--admin', 'make them an admin')
}

function addUserRemove(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description('remove a user, their memberships and plans; what they wrote stays')
    .argument(...username)
    .option(...dataFile)
    .option(...database)
    .action(async (given: string | undefined, flags: TargetFlags) => {
      await (await import('./user/remove.js')).removeUser(given, flags)
    })
}

function addUserList(parent: Command, name: string): void {
  parent
    .command(name)
    .description('list the users')
    .option(...json)
    .option(...dataFile)
    .option(...database)
    .action(async (flags: ListFlags) => {
      await (await import('./user/list.js')).listUsers(flags)
    })
}

function addProjectAdd(parent: Command, name: string, own: ProjectFlags = {}): Command {
  return parent
    .command(name)
    .description('add a project')
    .argument(...project)
    .option('--description <text>', 'what it is about')
    .option(...dataFile)
    .option(...database)
    .action(async (given: string | undefined, flags: ProjectFlags) => {
      await (await import('./project/add.js')).addProject(given, { ...flags, ...own })
    })
}

function addProjectRemove(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description('remove a project, and its memberships')
    .argument(...project)
    .option(...dataFile)
    .option(...database)
    .action(async (given: string | undefined, flags: TargetFlags) => {
      await (await import('./project/remove.js')).removeProject(given, flags)
    })
}

function addProjectList(parent: Command, name: string): void {
  parent
    .command(name)
    .description('list the projects')
    .option(...json)
    .option(...dataFile)
    .option(...database)
    .action(async (flags: ListFlags) => {
      await (await import('./project/list.js')).listProjects(flags)
    })
}

function addMemberAdd(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description('make a user a member of a project')
    .argument(...username)
    .argument(...project)
    .option(...dataFile)
    .option(...database)
    .action(async (user: string | undefined, of: string | undefined, flags: TargetFlags) => {
      await (await import('./member/add.js')).addMember(user, of, flags)
    })
}

function addMemberRemove(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description('end a membership')
    .argument(...username)
    .argument(...project)
    .option(...dataFile)
    .option(...database)
    .action(async (user: string | undefined, of: string | undefined, flags: TargetFlags) => {
      await (await import('./member/remove.js')).removeMember(user, of, flags)
    })
}

function addInit(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description(
      'write a data file to begin with, or make the tables of a database; never over what is there',
    )
    .argument(...edited)
    .option(...dataFile)
    .option(...database)
    .action(async (file: string | undefined, flags: TargetFlags) => {
      await (await import('./init.js')).initialize(named(file, flags))
    })
}

function addCheck(parent: Command, name: string): void {
  addDescribing(parent.command(name))
    .description('say what a data file or a database holds, or what is wrong with it')
    .argument(...edited)
    .option(...dataFile)
    .option(...database)
    .action(async (file: string | undefined, flags: CheckFlags) => {
      await (await import('./check.js')).check(
        named(file, { ...parent.opts<CheckFlags>(), ...flags }),
      )
    })
}

function addDrop(parent: Command, name: string): Command {
  return parent
    .command(name)
    .description('delete everything in a data file, or the tables of a database')
    .argument(...edited)
    .option('--yes', "don't ask")
    .option(...dataFile)
    .option(...database)
    .action(async (file: string | undefined, flags: DropFlags) => {
      await (await import('./drop.js')).drop(named(file, flags))
    })
}

function addOpenapi(parent: Command, name: string): void {
  addDescribing(parent.command(name))
    .description('print the OpenAPI document, without listening')
    .argument('[data-file]', 'whose own collections are to be in it', fileName)
    .option(...servedToo)
    .action(async (file: string | undefined, flags: ServeFlags) => {
      const { dataFile: named, ...others } = { ...parent.opts<ServeFlags>(), ...flags }
      const given = file ?? (typeof named === 'string' ? named : undefined)
      await (await import('./openapi.js')).printOpenapi(given, others)
    })
}

/** A command about the user's own collections in a data file. */
function addOwn(
  parent: Command,
  name: string,
  description: string,
  run: (file: string | undefined, flags: ServeFlags) => Promise<void>,
): void {
  parent
    .command(name)
    .description(description)
    .argument(...edited)
    .option(...apis)
    .option(...id)
    .option(...dataFile)
    .action(async (file: string | undefined, { dataFile: flag, ...flags }: ServeFlags) => {
      await run(file ?? (typeof flag === 'string' ? flag : undefined), {
        ...parent.opts<ServeFlags>(),
        ...flags,
      })
    })
}

/** Puts a command among the other names, with what it is another name of. */
function alias(command: Command, meaning: string): void {
  command.summary(`alias of ${meaning}`).helpGroup(ALIASES)
  if (!command.description()) command.description(`alias of ${meaning}`)
}

/** @throws InvalidArgumentError for an empty name, as a variable gives that isn't set */
function fileName(name: string): string {
  if (name === '') throw new InvalidArgumentError("A file's name can't be empty.")
  return name
}

/** Flags, with the data file that is an argument beside; it comes first. */
function named<F extends TargetFlags>(file: string | undefined, flags: F): F {
  return file === undefined ? flags : { ...flags, dataFile: file }
}

/** `-h` gives help too, where it isn't the host. */
function addShortHelp(command: Command): void {
  if (!command.options.some(({ short }) => short === '-h')) {
    command.addOption(new Option('-h').hideHelp())
    command.on('option:h', () => command.help())
  }
  for (const each of command.commands) addShortHelp(each)
}

/**
 * Tells a mistyped command from a data file: a file is there, or has a dot or a slash in its name.
 * @throws what `error` of the command throws
 */
async function refuseUnknownCommand(program: Command): Promise<void> {
  const [first, ...rest] = program.args
  if (first === undefined) return
  if (!/[./\\]/.test(first) && !(await isThere(first))) {
    program.error(`error: '${first}' is neither a command nor a file here (see slipway --help)`)
  }
  if (rest.length > 0) {
    program.error(`error: too many arguments: expected a data file, and got ${program.args.length}`)
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}

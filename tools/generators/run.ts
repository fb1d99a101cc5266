import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import type { Generator } from './generators.js'

const PROJECTS = 'tools/generators/projects'
/** Kept from run to run, with what is installed. */
const WORK = '.generators'
/** Then a command is taken to hang, in milliseconds. */
const TIME_LIMIT = 600_000

/** What all programs print. */
const EXPECTED = 'tools/generators/expected.txt'

/** What the clients of the registries say when theirs can't be reached. */
const UNREACHABLE =
  /ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|dial tcp|NewConnectionError|NameResolutionError|Could not transfer artifact/

export interface Outcome {
  readonly status: 'works' | 'fails' | 'skipped'
  /** What failed or is missing; nothing where it works. */
  readonly reason: string
  /** What the commands have said, where one failed. */
  readonly log: string
  /** How long it took, without the installation. */
  readonly seconds: number
}

export interface Service {
  readonly url: string
  /** Its OpenAPI document. */
  readonly document: string
}

/** A command that failed. */
class Failed extends Error {
  override readonly name = 'Failed'

  constructor(
    readonly command: string,
    readonly log: string,
  ) {
    super(command)
  }
}

/** Generates a client from a server's document, compiles it, and does the same with it as with every other client. */
export async function tryGenerator(
  { name, language, needs = [], install: tool = [], generate }: Generator,
  { url, document }: Service,
): Promise<Outcome> {
  const folder = join(WORK, name)
  await mkdir(folder, { recursive: true })
  const shell = shellIn(folder)
  let step = 'needs'
  let begin = performance.now()
  const outcome = (status: Outcome['status'], reason = '', log = ''): Outcome => {
    return { status, reason, log, seconds: (performance.now() - begin) / 1000 }
  }
  try {
    for (const command of [...language.needs, ...needs]) await shell(command)
    step = 'install'
    await cp(join(PROJECTS, name), folder, { recursive: true })
    await all(shell, tool)
    await install(folder, language.pins, () => all(shell, language.install))
    begin = performance.now()
    step = 'generate'
    await rm(join(folder, 'client'), { recursive: true, force: true })
    await writeFile(join(folder, 'openapi.json'), document)
    await shell(generate)
    step = 'compile'
    await all(shell, language.compile)
    step = 'run'
    const printed = await shell(`${language.run} ${name} ${url}`)
    const expected = await readFile(EXPECTED, 'utf8')
    if (printed.replaceAll('\r', '') === expected) return outcome('works')
    return outcome('fails', 'run: it prints something else', printed)
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    if (step === 'needs') return outcome('skipped', `without ${error.command.split(' ', 1)}`)
    const status = step === 'install' && UNREACHABLE.test(error.log) ? 'skipped' : 'fails'
    return outcome(status, `${step}: ${error.command}`, error.log)
  }
}

type Shell = (command: string) => Promise<string>

/** @returns what runs a command and gives what it prints; it throws `Failed` */
function shellIn(folder: string): Shell {
  // The house's compiler goes before one that a generator brings.
  const bins = ['node_modules/.bin', join(folder, 'node_modules/.bin')].map((bin) => resolve(bin))
  const env = { ...process.env, PATH: [...bins, process.env.PATH].join(delimiter) }
  return async (command) => {
    const options = { cwd: folder, env, timeout: TIME_LIMIT, maxBuffer: 2 ** 26 }
    try {
      return (await promisify(execFile)('sh', ['-c', command], options)).stdout
    } catch (error) {
      const { stdout, stderr } = Object(error)
      throw new Failed(command, `${stdout ?? ''}${stderr ?? error}`)
    }
  }
}

async function all(shell: Shell, commands: readonly string[]): Promise<void> {
  for (const command of commands) await shell(command)
}

/** Installs what a file pins, unless that was installed. */
async function install(
  folder: string,
  pins: string | undefined,
  run: () => Promise<void>,
): Promise<void> {
  if (pins === undefined) return run()
  const wanted = await readFile(join(folder, pins), 'utf8').catch(() => '')
  const done = join(folder, '.installed')
  if ((await readFile(done, 'utf8').catch(() => undefined)) === wanted) return
  await rm(done, { force: true })
  await run()
  await writeFile(done, wanted)
}

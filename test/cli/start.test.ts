import { readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { preloading, ROOT, type Run, startProcess } from '../fixtures/process.js'

/** Node's hooks, to print a line for each module that a process loads. */
const HOOKS = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs"
  export const load = (url, context, next) => {
    writeSync(2, "loaded " + url + "\\n")
    return next(url, context)
  }
`)}`
const PRELOAD = `import { register } from "node:module"; register(${JSON.stringify(HOOKS)})`

const DIST = pathToFileURL(`${ROOT}dist/`).href

/** What takes long to read, and a first request needs. */
const LATER = ['@fastify/swagger', '@fastify/swagger-ui', '@node-rs/argon2']

/** What only other commands need. */
const OTHERS = [
  're2js',
  '@fastify/send',
  'jsonc-parser',
  'proper-lockfile',
  'string-width',
  'pino-pretty',
  'pg',
]

t.test('a start reads bundles alone, and nothing that is only needed later', async (t) => {
  const run = await startProcess(t, [], {
    before: preloading(PRELOAD),
    env: { STRICT: 'false' },
  })
  const ask = async (path: string, options?: RequestInit) => {
    t.equal((await fetch(run.url + path, options)).status, 200, path)
  }
  await ask('/api/ships')
  const modules = modulesOf(run)
  t.same(
    modules.filter((url) => url.startsWith('file:') && !isBundle(url)),
    [],
  )
  t.ok(modules.includes('node:http'), "Node's own modules are found")
  t.notOk(modules.includes('node:readline'))
  const atStart = await packagesOf(run)
  t.ok(atStart.has('fastify'), 'what is bundled is found')
  for (const name of [...LATER, ...OTHERS]) t.notOk(atStart.has(name), name)

  const logIn = () =>
    ask('/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'user', password: 'password' }),
    })
  // All at once, as the first of their kind.
  const pages = ['/docs', '/docs', '/openapi.json', '/openapi.yaml']
  await Promise.all([...pages.map((path) => ask(path)), logIn(), logIn()])
  const later = await packagesOf(run)
  for (const name of LATER) t.ok(later.has(name), `${name}, once it is needed`)
})

/** The URLs of the modules that a process has loaded. */
function modulesOf({ output }: Run): string[] {
  return [...output.stderr.matchAll(/^loaded (.+)$/gm)].map(([, url = '']) => url)
}

function isBundle(url: string): boolean {
  return url.startsWith(DIST)
}

/** The names of the packages that a process has loaded, also those that are bundled. */
async function packagesOf(run: Run): Promise<Set<string>> {
  const sources = modulesOf(run).map(async (url) => {
    if (!isBundle(url)) return [url]
    const map = JSON.parse(await readFile(`${fileURLToPath(url)}.map`, 'utf8'))
    return map.sources.map(String)
  })
  const names = (await Promise.all(sources)).flat().map((source) => {
    return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? ''
  })
  return new Set(names)
}

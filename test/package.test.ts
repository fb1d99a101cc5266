import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT } from './fixtures/process.js'

const run = promisify(execFile)

t.test('the packed package installs and runs in an empty folder', async (t) => {
  const files = {
    'package.json': '{ "private": true, "type": "module" }',
    'embed.js': `
      import { buildApp, parseConfig } from 'slipway'
      const config = parseConfig({ dataFile: 'node_modules/slipway/data.json', logLevel: 'silent' })
      const app = await buildApp(config)
      const response = await app.inject('/api/ships/1')
      console.log(response.json().model)
      await app.close()
    `,
    'embedded.ts': `
      import { buildApp, type Options } from 'slipway'
      const options: Options = { apis: 'fleet' }
      const app = await buildApp(options)
      const status: number = (await app.inject('/api/ships/1')).statusCode
      console.log(status)
    `,
    'render.js': `
      import { setTimeout } from 'node:timers/promises'
      import { buildApp, parseConfig } from 'slipway'
      const config = parseConfig({ dataFile: 'node_modules/slipway/data.json', logLevel: 'silent' })
      const app = await buildApp(config)
      const authorization = 'Basic ' + Buffer.from('guest:guest').toString('base64')
      const { access_token } = (await app.inject({ url: '/login', headers: { authorization } })).json()
      const headers = { authorization: 'Bearer ' + access_token }
      const post = async (url, payload) => (await app.inject({ method: 'POST', url, headers, payload })).json()
      const { id: dmp } = await post('/dmps', { title: 'Ακτές 数据 데이터 データ' })
      const { id } = await post('/tasks', { dmp })
      let task
      do {
        await setTimeout(25)
        task = (await app.inject({ url: '/tasks/' + id, headers })).json()
      } while (task.status === 'pending')
      console.log(JSON.stringify(task))
      await app.close()
    `,
    'call.ts': `
      import { createClient, type Schemas } from 'slipway/client'
      const client = createClient({ baseUrl: 'http://localhost', fetch: async () => Response.json({ model: 'A model' }) })
      const { data } = await client.GET('/api/ships/{id}', { params: { path: { id: 1 } } })
      const ship: Schemas['Ship'] | undefined = data
      console.log(ship?.model)
    `,
    'world.ts': `
      import { startSlipway, type Workspace } from 'slipway/testing'
      interface Paths { '/posts': { get: { responses: { 200: { content: { 'application/json': { id: number }[] } } } } } }
      const slipway = await startSlipway<Paths>({ data: { posts: [{ id: 7 }] } })
      await using world: Workspace<Paths> = await slipway.workspace()
      const { data } = await world.client.GET('/posts')
      const id: number | undefined = data?.[0]?.id
      console.log(id, (await world.requests()).map(({ path }) => path))
      await slipway.close()
    `,
    'wrong-world.ts': `
      import { connect } from 'slipway/testing'
      const slipway = await connect('http://localhost')
      await slipway.world.fault({ then: { statis: 503 } })
    `,
    'wrong.ts': `
      import { createClient } from 'slipway/client'
      await createClient().GET('/api/ships/{id}', { params: { path: { id: 'one' } } })
    `,
  }
  // Outside of this repository, whose packages would be found too.
  const folder = await mkdtemp(join(tmpdir(), 'slipway-package-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  // The tests' build is packed as it is: building again would disturb the tests beside this one.
  const npm = (...args: string[]) => run('npm', args, { cwd: folder })
  const { stdout: packed } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    { cwd: ROOT },
  )
  const [{ filename, files: packedFiles }] = JSON.parse(packed)
  const paths: string[] = packedFiles.map(({ path }: { path: string }) => path)
  for (const path of [
    'dist/cli/main.js',
    'dist/documents/child.js',
    'dist/documents/worker.js',
    'dist/documents/plan.typ',
    'dist/fonts/NotoSans-Regular.ttf',
    'dist/index.d.ts',
    'data.json',
    'dist/THIRD-PARTY.txt',
    'README.md',
    'SECURITY.md',
    'LICENSE',
  ]) {
    t.ok(paths.includes(path), path)
  }
  t.same(
    paths.filter((path) => /^(dist\/)?(test|bench|contract)\//.test(path)),
    [],
  )

  await npm('install', '--no-audit', '--no-fund', '--prefer-offline', filename)
  const { stdout: version } = await run(`${folder}/node_modules/.bin/slipway`, ['--version'])
  t.match(version, /^\d+\.\d+\.\d+\n$/)
  const { stdout: document } = await run(`${folder}/node_modules/.bin/slipway`, ['openapi'])
  t.equal(JSON.parse(document).openapi, '3.1.0')
  const { stdout: model } = await run(process.execPath, ['embed.js'], { cwd: folder })
  t.equal(model, 'T-65 X-Wing\n')

  const render = async () => {
    const { stdout } = await run(process.execPath, ['render.js'], { cwd: folder })
    return JSON.parse(stdout)
  }
  const { status, reason } = await render()
  t.equal(status, 'error')
  const [, added = ''] = /`npm install ([^`]+)`/.exec(reason) ?? []
  t.match(added, /^@\S+@\S+( @\S+@\S+)+$/)
  t.match(await readFile(`${ROOT}/README.md`, 'utf8'), `npm install ${added}\n`)
  await npm('install', '--no-audit', '--no-fund', '--prefer-offline', ...added.split(' '))
  t.match(await render(), { status: 'done', url_pdf: String, url_docx: String })

  // Each takes seconds, since what the package declares is checked with what it is used for: no more of them than needed.
  const options = ['--ignoreConfig', '--strict', '--target', 'es2022', '--module', 'nodenext']
  const compile = (...args: string[]) =>
    run(
      process.execPath,
      [`${ROOT}/node_modules/typescript/bin/tsc`, ...options, '--pretty', 'false', ...args],
      { cwd: folder },
    )
  const faultsOf = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await compile(...args).catch(({ stdout }) => ({ stdout }))
    return stdout.split('\n').filter((line: string) => line.includes('error'))
  }
  // Among ours are types of packages that are bundled: they are to be there.
  const types = ['--types', 'node', '--typeRoots', `${ROOT}/node_modules/@types`]
  await compile('embedded.ts', 'world.ts', ...types)
  const { stdout: seen } = await run(process.execPath, ['world.js'], { cwd: folder })
  t.equal(seen, "7 [ '/posts' ]\n")
  const bundler = ['--target', 'esnext', '--module', 'esnext', '--moduleResolution', 'bundler']
  const misspelt = await faultsOf('world.ts', 'wrong-world.ts', '--noEmit', ...types, ...bundler)
  t.equal(misspelt.length, 1)
  t.match(misspelt[0], /^wrong-world\.ts.*'statis' does not exist/)
  // As a page's project has it: without the types of Node. What is right is compiled beside what is wrong.
  const refused = await faultsOf('call.ts', 'wrong.ts')
  t.equal(refused.length, 1)
  t.match(refused[0], /^wrong\.ts.*Type 'string' is not assignable to type 'number'/)
  const { stdout: called } = await run(process.execPath, ['call.js'], { cwd: folder })
  t.equal(called, 'A model\n')
})

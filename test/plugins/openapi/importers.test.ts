import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { Contract } from '../../../plugins/openapi/contract.js'
import { installedOnce } from '../../../tools/npm.js'
import { exampleOf, type Operation, operationsOf } from '../../fixtures/operations.js'
import { ROOT, startProcess } from '../../fixtures/process.js'

// What reads the document in other people's hands. docs/importers.md says what it makes of it.

/** Together they are larger than all that `npm ci` installs, so they are fetched once; the page names the same versions. */
const TOOLS = [
  '@stoplight/prism-cli@5.14.2',
  'openapi-to-postmanv2@6.3.3',
  '@usebruno/converters@0.23.0',
]

const run = promisify(execFile)
const document = JSON.parse(await readFile(`${ROOT}/openapi.json`, 'utf8'))
const operations = operationsOf(document)

const POSTMAN = `
const { readFileSync } = require('node:fs')
const { convertV2 } = require('openapi-to-postmanv2')
const data = readFileSync(process.argv[2], 'utf8')
convertV2({ type: 'string', data }, { parametersResolution: 'Example' }, (error, { result, reason, output }) => {
  if (!result) throw error ?? new Error(reason)
  process.stdout.write(JSON.stringify(output[0].data))
})
`

const BRUNO = `
const { readFileSync } = require('node:fs')
const { openApiToBruno } = require('@usebruno/converters')
const document = JSON.parse(readFileSync(process.argv[2], 'utf8'))
process.stdout.write(JSON.stringify(openApiToBruno(document)))
`

const packages = join(await installedOnce('importers', TOOLS), 'node_modules')
const folder = t.testdir({
  node_modules: t.fixture('symlink', packages),
  'postman.cjs': POSTMAN,
  'bruno.cjs': BRUNO,
  'file.json': JSON.stringify(documentOfFile({})),
  'file-example.json': JSON.stringify(documentOfFile({ example: { file: 'content' } })),
})
// What tap has its processes do is not for these.
const env = { ...process.env, NODE_OPTIONS: '' }

/** What a converter makes of a document. It fails where that says anything else, such as a warning. */
async function convert(script: string, file = `${ROOT}/openapi.json`) {
  const maxBuffer = 2 ** 28
  const { stdout, stderr } = await run('node', [script, file], { cwd: folder, env, maxBuffer })
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout)
}

interface PostmanRequest {
  readonly method: string
  readonly url: { readonly path: readonly string[] }
  readonly auth?: {
    readonly type: string
    readonly apikey?: readonly { readonly key: string; readonly value: string }[]
  } | null
  readonly body?: {
    readonly mode?: string
    readonly raw?: string
    readonly formdata?: readonly { readonly type: string }[]
  }
}

interface BrunoRequest {
  readonly method: string
  readonly url: string
  readonly auth: { readonly mode: string; readonly apikey: { readonly key: string } | null }
  readonly body: { readonly json: string | null; readonly multipartForm: readonly object[] }
}

/** The smallest document with a file in a form. */
function documentOfFile(media: object): object {
  const properties = { file: { type: 'string', format: 'binary' } }
  const content = { 'multipart/form-data': { schema: { type: 'object', properties }, ...media } }
  const responses = { 200: { description: 'Uploaded' } }
  return {
    openapi: '3.1.0',
    info: { title: 'Files', version: '1.0.0' },
    paths: { '/': { post: { summary: 'Upload', requestBody: { content }, responses } } },
  }
}

/** What there is to compare of a request: the examples have no JSON in forms. */
interface Imported {
  readonly name: string
  readonly credential: string | undefined
  readonly json: unknown
}

/** What an operation is to become: with the first of the credentials that it can have. */
function expected({ method, path, security: [first] = [], requestBody }: Operation): Imported {
  const { type, scheme, name } = first
    ? (document.components.securitySchemes[Object.keys(first)[0] ?? ''] ?? {})
    : {}
  return {
    name: `${method} ${path}`,
    credential: type === 'apiKey' ? name : scheme,
    json: requestBody?.content['application/json']?.example,
  }
}

const inOrder = (requests: readonly Imported[]) =>
  requests.toSorted((a, b) => a.name.localeCompare(b.name))

t.test('the page on them has the versions that are tried', async (t) => {
  const page = await readFile(`${ROOT}/docs/importers.md`, 'utf8')
  for (const tool of TOOLS) t.match(page, `| ${tool.slice(tool.lastIndexOf('@') + 1)} |`, tool)
})

t.test('Postman', async (t) => {
  const collection = await convert('postman.cjs')
  const requests = requestsIn<PostmanRequest>(collection)
  const imported = requests.map(({ method, url, auth, body }) => {
    const path = url.path.map((part) => part.replace(/^:(.+)$/, '{$1}')).join('/')
    const apiKey = auth?.apikey?.find(({ key }) => key === 'key')?.value
    return {
      name: `${method.toLowerCase()} /${path}`,
      credential: apiKey ?? auth?.type,
      json: body?.raw && JSON.parse(body.raw),
    }
  })
  t.same(inOrder(imported), inOrder(operations.map(expected)))
  t.match(collection.variable, [{ key: 'baseUrl', value: document.servers[0].url }])
  const files = requests
    .flatMap(({ body }) => body?.formdata ?? [])
    .filter(({ type }) => type === 'file')
  t.equal(files.length, 5, 'files are to be chosen')
})

t.test('Bruno', async (t) => {
  const collection = await convert('bruno.cjs')
  const imported = requestsIn<BrunoRequest>(collection).map(({ method, url, auth, body }) => {
    const path = url.replace('{{baseUrl}}', '').replace(/:(\w+)/g, '{$1}')
    return {
      name: `${method.toLowerCase()} ${path}`,
      credential: auth.apikey?.key ?? (auth.mode === 'inherit' ? undefined : auth.mode),
      json: body.json ? JSON.parse(body.json) : undefined,
    }
  })
  t.same(inOrder(imported), inOrder(operations.map(expected)))
  t.equal(collection.root.request.auth.mode, 'none', 'what they inherit is no credential')
  t.match(collection.environments, [
    { variables: [{ name: 'baseUrl', value: document.servers[0].url }] },
  ])
})

t.test('Bruno takes a file for a text where the form has an example', async (t) => {
  const partOf = async (file: string) =>
    requestsIn<BrunoRequest>(await convert('bruno.cjs', file))[0]?.body.multipartForm[0]
  t.match(await partOf('file.json'), { name: 'file', type: 'file' })
  t.match(await partOf('file-example.json'), { name: 'file', type: 'text' })
})

t.test('Prism answers in place of the server', async (t) => {
  const { url, log } = await startPrism(t, 'mock', `${ROOT}/openapi.json`)
  t.same(warningsIn(log()), [], 'it reads the document without a warning')
  const contract = new Contract(document)
  for (const operation of operations) {
    const { operationId, responses, security: [first] = [] } = operation
    const isBasic = 'basic' in Object(first)
    const { url: path, init } = exampleOf(operation, isBasic ? 'Basic dTpw' : 'Bearer token')
    const headers = new Headers(init.headers)
    headers.set('x-access-token', 'token')
    headers.set('token', 'token')
    const answer = await fetch(url + path, { ...init, headers })
    const body = await answer.text()
    t.equal(`${answer.status}`, Object.keys(responses)[0], `${operationId}: ${body.slice(0, 80)}`)
    t.equal(answer.headers.get('sl-violations'), null, `${operationId} breaks nothing`)
    const about = { status: answer.status, headers: Object.fromEntries(answer.headers), body }
    t.same(contract.breachesOf(operation, about), [], `${operationId} is answered as it says`)
  }
})

/** What a session does, by way of the proxy. What else it could do ends the login. */
const ENDS_LOGIN =
  /^(logOut|revokeRefreshToken|replaceUser|deleteUser|invalidateToken|endSession|changePassword)$/

t.test('Prism stands between a client and the server', async (t) => {
  const server = await startProcess(t)
  const { url, log } = await startPrism(t, 'proxy', `${ROOT}/openapi.json`, server.url)
  const body = { username: 'user', password: 'password' }
  const login = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { access_token, refresh_token } = Object(await login.json())
  const basic = Buffer.from(Object.values(body).join(':')).toString('base64')
  for (const operation of operations) {
    const { operationId, security: [first] = [] } = operation
    // What steers the server would take from the others what they count on, and a stream of events doesn't end.
    if (ENDS_LOGIN.test(operationId) || operation.path.startsWith('/__slipway')) continue
    const names = Object.keys(Object(first))
    const bearer = `Bearer ${names.includes('refreshBearer') ? refresh_token : access_token}`
    const authorization = names.includes('basic') ? `Basic ${basic}` : bearer
    const { url: path, init } = exampleOf(operation, authorization)
    const answer = await fetch(url + path, init)
    await answer.arrayBuffer()
    t.equal(answer.headers.get('sl-violations'), null, `${operationId}: ${answer.status}`)
    t.not(answer.status, 401, operationId)
  }
  t.same(warningsIn(log()), [])
})

/** Starts Prism on a free port, and waits until it listens. */
async function startPrism(t: Test, ...args: string[]) {
  const prism = spawn(
    'node',
    ['node_modules/@stoplight/prism-cli/dist/index.js', ...args, '-p', '0'],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  t.teardown(async () => {
    if (prism.kill('SIGKILL')) await once(prism, 'exit')
  })
  let log = ''
  prism.stdout.on('data', (data) => {
    log += data
  })
  const listening = /Prism is listening on (http:\S+)/
  while (!listening.test(log)) await once(prism.stdout, 'data')
  return { url: listening.exec(log)?.[1] ?? '', log: () => log }
}

function warningsIn(log: string): string[] {
  return log.split('\n').filter((line) => /warning|error/.test(line))
}

/** A collection of either converter's, or a folder in it, or a request. */
interface Folder<R> {
  readonly request?: R
  readonly item?: readonly Folder<R>[]
  readonly items?: readonly Folder<R>[]
}

/** The requests of a collection, in all its folders. */
function requestsIn<R>({ request, item = [], items = item }: Folder<R>): R[] {
  return request ? [request] : items.flatMap((each) => requestsIn(each))
}

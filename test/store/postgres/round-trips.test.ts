import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import type { Options } from '../../../config.js'
import { logIn, startApp } from '../../fixtures/app.js'
import { exampleOf, type Operation, operationsOf } from '../../fixtures/operations.js'
import { NO_POSTGRES, startPostgres } from '../../fixtures/postgres.js'
import { ROOT } from '../../fixtures/process.js'
import { RoundTrips } from '../../fixtures/round-trips.js'
import { ended } from '../../fixtures/tasks.js'

/** How often an operation waits for the database at most, by its method: where everybody may, and where there is a token. */
const MOST: Readonly<Record<string, readonly [open: number, guarded: number]>> = {
  get: [1, 2],
  // Who registers: whether the name is free, and the account.
  post: [2, 3],
  put: [2, 2],
  patch: [2, 2],
  delete: [2, 2],
}

/** Operations of which something else is to be said. */
const OTHERS: Readonly<Record<string, number>> = {
  // The look finds the account, and what is known of logins from there.
  logIn: 1,
  logInToForum: 1,
  grantToken: 1,
  getToken: 1,
  // And the first project of who logs in.
  logInWithBasic: 2,
  // What a file holds is read once its record has been.
  downloadFile: 3,
  downloadFileAtPackages: 3,
  downloadDocx: 3,
  downloadPdf: 3,
  // The package and the tag are looked up before anything is taken in, the package once more behind it; then there are the content,
  // the tag, and what kept the content for it.
  uploadPackage: 6,
  uploadTag: 6,
  uploadTagAtPackages: 6,
  uploadFile: 6,
  uploadFileAtPackages: 6,
  // The example's article is another's, so it is looked up why there is nothing to change.
  editArticle: 3,
  deleteArticle: 3,
  // Users, packages and plans are found by another name than their id.
  promoteUser: 3,
  deleteDmp: 3,
  deleteTag: 3,
  deleteTagAtPackages: 3,
  // An admin's answer shows of another's template what its owner is called.
  replaceTemplate: 3,
  deleteTemplate: 3,
  // By its public id, as it is, changed.
  updateDmp: 4,
  // Who is there, who has the name, and the account, with a hash between.
  replaceUser: 4,
  // What follows from a deletion is done way by way.
  deletePackage: 5,
  deletePackageAtPackages: 5,
  deleteUser: 10,
  deleteAccount: 11,
}

/** What ends a login, with the username and the password that log in before it: what comes earlier changes those. */
const LAST = new Map([
  ['logOut', ['user', 'password']],
  ['revokeRefreshToken', ['user', 'password']],
  ['invalidateToken', ['user', 'password']],
  ['endSession', ['user', 'password']],
  ['replaceUser', ['user', 'password']],
  ['changePassword', ['fancy new name', 'more secret']],
  ['deleteUser', ['fancy new name', 'a new password']],
])

/** In which order operations are called, by their methods. */
const ORDER = ['get', 'post', 'put', 'patch', 'delete']

/** As many requests at once as open all connections, so that none has to be opened later. */
const MANY = 30

t.test('how often a request waits for the database', { skip: NO_POSTGRES }, async (t) => {
  const postgres = await startPostgres(t)

  t.test('every operation of the five APIs', async (t) => {
    const data = JSON.parse(await readFile(`${ROOT}/data.json`, 'utf8'))
    // The one that the examples log in with; some operations are for admins alone.
    data.users[0].admin = true
    const options = { data, databaseSchema: 'five' }
    const { app, send, count } = await startCounted(t, postgres.url, options, '/articles')
    let tokens = await logIn(app)
    const dmp = (await send('/dmps', posting({ title: 'A plan' }, tokens.access))).body.id
    const task = (await send('/tasks', posting({ dmp }, tokens.access))).body.id
    await ended(app, tokens.access, task)
    const headers = bearer(tokens.access)
    const form = new FormData()
    form.append('file', new File(['content'], 'file.txt'))
    await send('/api/v1/package/one', { method: 'POST', body: form, headers })
    await send('/api/v1/other/one', { method: 'POST', body: form, headers })
    const { users } = (await send('/user', { headers })).body
    const names: Readonly<Record<string, string>> = {
      id: '1',
      dmp_id: dmp,
      task_id: task,
      file_id: task,
      public_id: users[1].public_id,
      package_name: 'package',
      tag: 'one',
    }
    /** What can be deleted under two paths is there twice. */
    const namesOf = ({ operationId }: Operation) =>
      operationId.endsWith('AtPackages') ? { ...names, package_name: 'other' } : names

    const allEnded = async () => {
      const { body } = await send('/tasks', { headers: bearer(tokens.access) })
      for (const { id } of body) await ended(app, tokens.access, id)
    }
    const requestOf = (operation: Operation) => {
      const known = namesOf(operation)
      const parameters = operation.parameters?.map((each) => ({
        ...each,
        example: known[each.name] ?? each.example,
      }))
      return exampleOf(
        { ...operation, ...(parameters ? { parameters } : {}) },
        authorizationFor(operation, tokens),
      )
    }
    const operations = operationsOf(await app.openapi())
      .filter(({ path }) => !path.startsWith('/__slipway'))
      .sort(inOrder)
    for (const operation of operations) {
      const { method, operationId, security = [] } = operation
      const last = LAST.get(operationId)
      if (last) tokens = await logIn(app, ...last)
      const [open = 0, guarded = 0] = MOST[method] ?? []
      const most = OTHERS[operationId] ?? (security.length > 0 ? guarded : open)
      const { url, init } = requestOf(operation)
      const { status, asked } = await count(url, init)
      t.ok(status < 404 || [404, 409].includes(status), `${operationId}: ${status}`)
      atMost(t, `${operationId} ${status}`, asked, most)
      // A task is rendered beside what comes next.
      if (operationId === 'createTask') await allEnded()
    }
  })

  t.test("collections of one's own", async (t) => {
    const options = { apis: 'none', data: ownData, databaseSchema: 'own' } as const
    const { app, send, count, trips } = await startCounted(t, postgres.url, options, '/posts')
    const { access } = await logIn(app, 'ann@example.com', PASSWORD)
    for (const [request, most, body] of OWN) {
      const [method = '', url = ''] = request.split(' ')
      const init = body ? { ...posting(body, access), method } : { method, headers: bearer(access) }
      const { status, asked } = await count(url, init)
      t.ok(status < 500, `${request}: ${status}`)
      atMost(t, `${request} ${status}`, asked, most)
    }

    const isTold = (statement: string) => statement.startsWith('select latest')
    let untold = 0
    for (const title of ['a', 'b', 'c', 'd', 'e']) {
      trips.statements.length = 0
      await send('/posts', posting({ title, userId: 1 }, access))
      // Now and then it is asked by itself.
      if (!trips.statements.some(isTold)) untold++
    }
    t.ok(untold > 0, 'a write waits for nobody who watches something else')
  })
})

const PASSWORD = "ann's password"

const ownData = {
  users: [
    { id: 1, email: 'ann@example.com', name: 'Ann', password: PASSWORD },
    { id: 2, email: 'bob@example.com', name: 'Bob' },
  ],
  posts: [
    { id: 1, title: 'a', userId: 1 },
    { id: 2, title: 'b', userId: 2 },
  ],
  comments: [{ id: 1, postId: 1, text: 'x' }],
  profile: { name: 'typicode' },
}

/** Requests for what everybody may, with a token that nobody asks for but for users; how often each waits at most; and their bodies. */
const OWN: readonly (readonly [request: string, most: number, body?: object])[] = [
  ['GET /posts', 1],
  ['GET /posts?title=a&userId:gt=0&_sort=-title', 1],
  ['GET /posts?_page=2&_per_page=1', 1],
  ['GET /posts?q=a', 1],
  ['GET /posts/1', 1],
  ['GET /posts/9', 1],
  ['GET /posts/1/comments', 1],
  ['GET /posts/9/comments', 1],
  ['GET /profile', 1],
  ['GET /auth/me', 1],
  // All that is put in is looked up at once, behind the list.
  ['GET /posts?_embed=comments&_expand=user', 2],
  ['GET /posts/1?_embed=comments', 2],
  // What only JavaScript can tell is read in a transaction, of one moment.
  ['GET /posts?title_like=A', 2],
  // One look for each.
  ['GET /db', 4],
  ['POST /posts', 2, { title: 'c', userId: 1 }],
  ['POST /posts/1/comments', 3, { text: 'y' }],
  ['POST /auth/login', 1, { email: 'ann@example.com', password: PASSWORD }],
  ['PATCH /posts/1', 3, { title: 'd' }],
  ['PUT /posts/1', 3, { title: 'e', userId: 1 }],
  ['PATCH /profile', 3, { name: 'c' }],
]

/** A server on a database, whose requests' round trips are counted. */
async function startCounted(t: Test, database: string, options: Options, path: string) {
  const trips = await RoundTrips.start(t, database)
  const app = await startApp(t, { ...options, database: trips.url })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const send = async (url: string, init: RequestInit = {}) => {
    const response = await fetch(origin + url, init)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, body: isJson ? JSON.parse(text) : undefined }
  }
  await Promise.all(Array.from({ length: MANY }, () => send(path)))
  /** The status of an answer, and what was asked for it: by round trips. */
  const count = async (url: string, init: RequestInit = {}) => {
    let status = 0
    const asked = await trips.during(async () => {
      status = (await send(url, init)).status
    })
    return { status, asked }
  }
  return { app, send, count, trips }
}

function atMost(t: Test, what: string, asked: readonly (readonly string[])[], most: number): void {
  t.ok(asked.length <= most, `${what}: ${asked.length} of ${most}`, { asked })
}

function bearer(token: string) {
  return { authorization: `Bearer ${token}` }
}

function posting(body: object, token?: string): RequestInit {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : bearer(token)),
    },
    body: JSON.stringify(body),
  }
}

function authorizationFor(
  { security = [] }: Operation,
  { access, refresh }: { readonly access: string; readonly refresh: string },
): string {
  const names = security.flatMap((each) => Object.keys(each))
  if (names.includes('basic')) return `Basic ${btoa('user:password')}`
  return `Bearer ${names.includes('refreshBearer') ? refresh : access}`
}

/** What is within another goes before it; what ends a login comes last. */
function inOrder(a: Operation, b: Operation): number {
  return placeOf(a) - placeOf(b) || b.path.length - a.path.length
}

function placeOf({ method, operationId }: Operation): number {
  const at = [...LAST.keys()].indexOf(operationId)
  return at < 0 ? ORDER.indexOf(method) : ORDER.length + at
}

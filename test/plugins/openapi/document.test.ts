import t from 'tap'
import { API_NAMES } from '../../../config.js'
import { call, startApp } from '../../fixtures/app.js'

const METHODS = ['get', 'put', 'post', 'patch', 'delete']

interface Link {
  readonly operationId: string
  readonly parameters?: object
}

interface Operation {
  readonly [name: string]: unknown
  readonly responses: {
    readonly [status: string]: {
      readonly description: string
      readonly links?: { readonly [name: string]: Link }
    }
  }
}

async function read(app: Awaited<ReturnType<typeof startApp>>) {
  const document = (await call(app, 'GET', '/openapi.json')).json()
  const operations: { name: string; operation: Operation }[] = []
  for (const [path, item] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method]
      if (operation) operations.push({ name: `${method} ${path}`, operation })
    }
  }
  return { document, operations }
}

t.test('the document is served as JSON and as YAML', async (t) => {
  const app = await startApp(t)
  const json = await call(app, 'GET', '/openapi.json')
  t.match(json.headers['content-type'], 'application/json')
  t.match(json.json(), { openapi: '3.1.0', info: { title: 'Slipway' } })
  const yaml = await call(app, 'GET', '/openapi.yaml')
  t.match(yaml.headers['content-type'], 'application/yaml')
  t.match(yaml.body, /^openapi: 3\.1\.0$/m)
})

t.test('every operation is there, with each status it can give', async (t) => {
  const { operations } = await read(await startApp(t))
  const statuses = Object.fromEntries(
    operations.map(({ name, operation }) => [name, Object.keys(operation.responses).join(' ')]),
  )
  t.same(statuses, {
    'get /__slipway': '200 400 403',
    'get /__slipway/workspaces': '200 400 403',
    'post /__slipway/workspaces': '201 400 403 409 413 415 503',
    'delete /__slipway/workspaces/{name}': '204 400 403 404 413 415',
    'post /__slipway/reset': '204 400 403 413 415',
    'get /__slipway/state': '200 400 403 413 503',
    'put /__slipway/state': '204 400 403 413 415',
    'get /__slipway/snapshots': '200 400 403',
    'post /__slipway/snapshots': '201 400 403 409 413 415',
    'post /__slipway/snapshots/{name}/restore': '204 400 403 404 413 415',
    'delete /__slipway/snapshots/{name}': '204 400 403 404 413 415',
    'post /__slipway/tokens': '201 400 403 404 413 415',
    'get /__slipway/clock': '200 400 403',
    'put /__slipway/clock': '200 400 403 413 415',
    'get /__slipway/requests': '200 400 403',
    'delete /__slipway/requests': '204 400 403 413 415',
    'get /__slipway/requests/count': '200 400 403',
    'get /__slipway/requests/{id}': '200 400 403 404',
    'get /__slipway/requests/har': '200 400 403',
    'get /__slipway/requests/{id}/curl': '200 400 403 404',
    'post /__slipway/requests/verify': '200 400 403 409 413 415',
    'get /__slipway/events': '200 400 403 503',
    'get /healthz': '200 400',
    'get /readyz': '200 400 503',
    'post /auth/token': '200 400 413 415 429 503',
    'post /auth/login': '200 400 401 413 415 429 503',
    'post /auth/refresh': '200 400 401 413 415',
    'delete /auth/logout': '200 400 401 413 415',
    'delete /auth/logout2': '200 400 401 413 415',
    'get /api/users': '200 400',
    'post /api/users': '201 400 409 413 415 503',
    'get /api/users/{id}': '200 304 400 404',
    'put /api/users/{id}': '200 400 401 403 404 409 412 413 415 503',
    'delete /api/users/{id}': '204 400 401 403 412 413 415',
    'get /api/ships': '200 400',
    'post /api/ships': '201 400 401 413 415',
    'get /api/ships/{id}': '200 304 400 404',
    'put /api/ships/{id}': '200 400 401 404 412 413 415',
    'patch /api/ships/{id}': '200 400 401 404 412 413 415',
    'delete /api/ships/{id}': '204 400 401 404 412 413 415',
    'post /login': '200 400 401 413 415 429 503',
    'post /verify-token': '200 400 401 413 415',
    'post /register': '200 400 409 413 415 503',
    'get /users/{id}': '200 304 400 404',
    'get /articles': '200 400',
    'get /users/{id}/articles': '200 400 404',
    'get /articles/{id}': '200 304 400 404',
    'post /articles/new': '200 400 401 413 415',
    'put /articles/{id}/edit': '200 400 401 403 404 412 413 415',
    'delete /articles/{id}/delete': '200 400 401 403 404 412 413 415',
    'get /login': '200 400 401 429 503',
    'get /user': '200 400 401 403',
    'post /user': '200 400 401 403 409 413 415 503',
    'get /user/{public_id}': '200 304 400 401 403 404',
    'put /user/{public_id}': '200 400 401 403 404 412 413 415',
    'delete /user/{public_id}': '200 400 401 403 404 412 413 415',
    'get /': '200 302 400 401',
    'get /template': '200 400 401',
    'post /template': '200 400 401 413 415',
    'get /template/{id}': '200 304 400 401 404',
    'put /template/{id}': '200 400 401 403 404 412 413 415',
    'delete /template/{id}': '200 400 401 403 404 412 413 415',
    'get /api/v1/admin/user_list': '200 400',
    'post /api/v1/user/add': '200 400 409 413 415 503',
    'post /api/v1/user/get_token': '200 400 401 404 413 415 429 503',
    'post /api/v1/user/invalidate_token': '200 400 401 404 413 415 429 503',
    'get /api/v1/packages': '200 400 401 413 415',
    'post /api/v1/packages': '200 400 401 403 409 413 415 507',
    'get /api/v1/{package_name}': '200 400 401 404 413 415',
    'delete /api/v1/{package_name}': '204 400 401 403 404 413 415',
    'post /api/v1/{package_name}': '200 400 401 403 409 413 415 507',
    'get /api/v1/packages/{package_name}': '200 400 401 404 413 415',
    'delete /api/v1/packages/{package_name}': '204 400 401 403 404 413 415',
    'post /api/v1/packages/{package_name}': '200 400 401 403 409 413 415 507',
    'post /api/v1/{package_name}/{tag}': '200 400 401 403 409 413 415 507',
    'get /api/v1/{package_name}/{tag}': '200 206 304 400 401 404 416',
    'delete /api/v1/{package_name}/{tag}': '204 400 401 403 404 412 413 415',
    'post /api/v1/packages/{package_name}/{tag}': '200 400 401 403 409 413 415 507',
    'get /api/v1/packages/{package_name}/{tag}': '200 206 304 400 401 404 416',
    'delete /api/v1/packages/{package_name}/{tag}': '204 400 401 403 404 412 413 415',
    'delete /logout': '200 400 401 413 415',
    'put /changepassword': '200 400 401 409 413 415 503',
    'get /refresh': '200 400 401',
    'post /refresh': '201 400 401 413 415',
    'get /dmps': '200 400 401',
    'post /dmps': '201 400 401 413 415 507',
    'get /dmps/{dmp_id}': '200 304 400 401 404',
    'put /dmps/{dmp_id}': '200 400 401 404 412 413 415',
    'delete /dmps/{dmp_id}': '200 400 401 404 412 413 415',
    'get /tasks': '200 400 401',
    'post /tasks': '201 400 401 404 413 415 503 507',
    'get /tasks/{task_id}': '200 304 400 401 404',
    'get /resources/docx/{file_id}': '200 206 304 400 401 404 416',
    'get /resources/pdf/{file_id}': '200 206 304 400 401 404 416',
    'get /__slipway/faults': '200 400 403',
    'post /__slipway/faults': '201 400 403 404 409 413 415',
    'delete /__slipway/faults': '204 400 403 413 415',
    'get /__slipway/faults/{id}': '200 400 403 404',
    'delete /__slipway/faults/{id}': '204 400 403 404 413 415',
  })
})

t.test(
  'every operation has a name, a summary, a tag that is described, and described answers',
  async (t) => {
    const { document, operations } = await read(await startApp(t))
    const described = new Set(
      document.tags.map(({ name, description }: Record<string, string>) => description && name),
    )
    const names = new Set()
    for (const { name, operation } of operations) {
      t.match(operation, { operationId: String, summary: String, tags: Array }, name)
      t.notOk(names.has(operation.operationId), `${operation.operationId} is one operation's`)
      names.add(operation.operationId)
      const [tag] = [operation.tags].flat()
      t.ok(described.has(tag), `${tag} is described`)
      for (const [status, { description }] of Object.entries(operation.responses)) {
        t.not(description, 'Default Response', `${name} ${status}`)
      }
    }
  },
)

t.test('the guarded operations say so, and no others', async (t) => {
  const { document, operations } = await read(await startApp(t))
  const guarded = operations
    .filter(({ operation }) => operation.security)
    .map(({ name, operation }) => [name, JSON.stringify(operation.security)])
  // Without a header, the token can be in the body.
  const forum = '[{"accessBearer":[]},{"oauth2":[]},{}]'
  const registry = '[{"accessTokenHeader":[]},{"accessBearer":[]},{"oauth2":[]}]'
  const plans = '[{"accessBearer":[]},{"oauth2":[]}]'
  const fleet = plans
  const memes = '[{"accessXAccessTokenHeader":[]},{"accessBearer":[]},{"oauth2":[]}]'
  t.same(Object.fromEntries(guarded), {
    'post /auth/refresh': '[{"refreshBearer":[]}]',
    'delete /auth/logout': fleet,
    'delete /auth/logout2': '[{"refreshBearer":[]}]',
    'put /api/users/{id}': fleet,
    'delete /api/users/{id}': fleet,
    'post /api/ships': fleet,
    'put /api/ships/{id}': fleet,
    'patch /api/ships/{id}': fleet,
    'delete /api/ships/{id}': fleet,
    'post /verify-token': forum,
    'post /articles/new': forum,
    'put /articles/{id}/edit': forum,
    'delete /articles/{id}/delete': forum,
    'get /login': '[{"basic":[]}]',
    'get /': memes,
    'get /user': memes,
    'post /user': memes,
    'get /user/{public_id}': memes,
    'put /user/{public_id}': memes,
    'delete /user/{public_id}': memes,
    'get /template': memes,
    'post /template': memes,
    'get /template/{id}': memes,
    'put /template/{id}': memes,
    'delete /template/{id}': memes,
    'post /api/v1/user/invalidate_token': registry,
    'get /api/v1/packages': registry,
    'post /api/v1/packages': registry,
    'get /api/v1/{package_name}': registry,
    'delete /api/v1/{package_name}': registry,
    'post /api/v1/{package_name}': registry,
    'get /api/v1/packages/{package_name}': registry,
    'delete /api/v1/packages/{package_name}': registry,
    'post /api/v1/packages/{package_name}': registry,
    'post /api/v1/{package_name}/{tag}': registry,
    'get /api/v1/{package_name}/{tag}': registry,
    'delete /api/v1/{package_name}/{tag}': registry,
    'post /api/v1/packages/{package_name}/{tag}': registry,
    'get /api/v1/packages/{package_name}/{tag}': registry,
    'delete /api/v1/packages/{package_name}/{tag}': registry,
    'delete /logout': plans,
    'put /changepassword': plans,
    'get /refresh': '[{"refreshBearer":[]}]',
    'post /refresh': '[{"refreshBearer":[]}]',
    'get /dmps': plans,
    'post /dmps': plans,
    'get /dmps/{dmp_id}': plans,
    'put /dmps/{dmp_id}': plans,
    'delete /dmps/{dmp_id}': plans,
    'get /tasks': plans,
    'post /tasks': plans,
    'get /tasks/{task_id}': plans,
    'get /resources/docx/{file_id}': plans,
    'get /resources/pdf/{file_id}': plans,
  })
  t.match(document.components.securitySchemes, {
    accessBearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    refreshBearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    oauth2: { type: 'oauth2', flows: { password: { tokenUrl: '/auth/token', scopes: {} } } },
  })
  t.same(Object.keys(document.components.securitySchemes).sort(), [
    'accessBearer',
    'accessTokenHeader',
    'accessXAccessTokenHeader',
    'basic',
    'oauth2',
    'refreshBearer',
  ])
})

t.test('the components have real names, and examples', async (t) => {
  const { document } = await read(await startApp(t))
  const { schemas } = document.components
  for (const name of [
    'Problem',
    'Ship',
    'ShipInput',
    'User',
    'UserInput',
    'Credentials',
    'TokenPair',
  ]) {
    t.ok(schemas[name], name)
  }
  for (const [name, schema] of Object.entries<{ examples?: unknown[] }>(schemas)) {
    t.ok(schema.examples?.length, `${name} has an example`)
  }
  t.notMatch(JSON.stringify(document), /def-\d|\$id/)
})

t.test('the headers of answers are there', async (t) => {
  const { document } = await read(await startApp(t))
  t.match(document.paths['/api/ships'].post.responses['201'].headers, { Location: {}, ETag: {} })
  t.match(document.paths['/api/ships/{id}'].get.responses['200'].headers, { ETag: {} })
  t.match(document.paths['/auth/login'].post.responses['200'].headers, { 'Cache-Control': {} })
  t.match(document.paths['/auth/login'].post.responses['429'].headers, { 'Retry-After': {} })
  t.match(document.paths['/auth/logout'].delete.responses['401'].headers, {
    'WWW-Authenticate': {},
  })
})

t.test('the examples of errors are in the words of their API', async (t) => {
  const { document } = await read(await startApp(t))
  const example = (path: string, method: string, status: number) =>
    document.paths[path][method].responses[status].content['application/json'].example
  t.same(example('/articles/new', 'post', 400), {
    statusCode: 400,
    error: 'Article title is missing',
    message: 'Article title is missing',
    details: [{ in: 'body', path: '/title', message: 'is missing' }],
  })
  t.match(example('/articles/{id}', 'get', 404), { error: 'Article with id=222 was not found' })
  t.match(example('/register', 'post', 409), { error: 'User with such username already exists' })
  t.match(example('/dmps/{dmp_id}', 'get', 404), { error: 'There is no DMP with the id none.' })
  t.same(example('/template/{id}', 'get', 404), {
    statusCode: 404,
    error: 'Not Found',
    message: 'no template found',
  })
  t.match(example('/auth/token', 'post', 400), {
    error: 'invalid_request',
    details: [{ in: 'body', path: '/grant_type', message: 'is missing' }],
  })
  t.match(example('/auth/login', 'post', 400), {
    error: 'Bad Request',
    details: [{ in: 'body', path: '/username', message: 'is missing' }],
  })
  t.match(example('/articles', 'get', 400), { details: [{ in: 'query', path: '/page' }] })
  t.match(example('/user/{public_id}', 'get', 400), {
    details: [
      { in: 'path', path: '/public_id', message: 'must NOT have more than 128 characters' },
    ],
  })
})

t.test('uploads and downloads say what they are', async (t) => {
  const { document } = await read(await startApp(t))
  const path = document.paths['/api/v1/packages']
  t.match(path.post.requestBody.content, {
    'multipart/form-data': { schema: { $ref: '#/components/schemas/PackageUpload' } },
  })
  const { PackageUpload, FileUpload } = document.components.schemas
  t.same(PackageUpload.required, ['package_name', 'tag', 'file'])
  t.match(FileUpload, { required: ['file'], properties: { file: { format: 'binary' } } })
  t.match(path.post.responses['400'].content['application/json'].example, {
    message: 'package_name is required',
  })
  const { responses } = document.paths['/api/v1/{package_name}/{tag}'].get
  const binary = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
  t.same(responses['200'].content, binary)
  t.same(responses['206'].content, binary)
  const pdf = document.paths['/resources/pdf/{file_id}'].get.responses['200'].content
  t.same(Object.keys(pdf), ['application/pdf'])
  t.match(responses['206'].headers, { 'Content-Range': {}, 'Content-Disposition': {}, ETag: {} })
})

t.test('bodies that can be forms say so', async (t) => {
  const { document } = await read(await startApp(t))
  const typesOf = (path: string, method: string) =>
    Object.keys(document.paths[path][method].requestBody.content)
  const both = ['application/json', 'application/x-www-form-urlencoded']
  t.same(typesOf('/user', 'post'), both)
  t.same(typesOf('/template', 'post'), both)
  t.same(typesOf('/template/{id}', 'put'), both)
  t.same(typesOf('/register', 'post'), ['application/json'])
})

t.test('a body has to be there where a field has to', async (t) => {
  const { operations } = await read(await startApp(t))
  const optional = operations
    .filter(({ operation }) => Object(operation.requestBody).required === false)
    .map(({ name }) => name)
  t.same(optional, [
    'patch /api/ships/{id}',
    'post /verify-token',
    'delete /articles/{id}/delete',
    'post /dmps',
    'put /dmps/{dmp_id}',
    'post /__slipway/workspaces',
  ])
})

t.test(
  'each link leads to an operation of an API that is mounted, and gives what that takes',
  async (t) => {
    for (const apis of [API_NAMES.join(','), ...API_NAMES]) {
      const { operations } = await read(await startApp(t, { apis }))
      const byId = new Map(operations.map(({ operation }) => [operation.operationId, operation]))
      for (const { name, operation } of operations) {
        for (const [status, { links = {} }] of Object.entries(operation.responses)) {
          for (const [link, { operationId, parameters = {} }] of Object.entries(links)) {
            const label = `${name} ${status} ${link}`
            const target = byId.get(operationId)
            if (!target) return t.fail(`${label} leads nowhere`)
            const { parameters: taken = [] } = target
            const names = [taken].flat().map((parameter) => Object(parameter).name)
            for (const given of Object.keys(parameters)) t.ok(names.includes(given), label)
          }
        }
      }
    }
  },
)

t.test('links lead through the life of a record, and of a session', async (t) => {
  const { operations } = await read(await startApp(t))
  const answers = new Map(
    operations.map(({ operation }) => [operation.operationId, operation.responses]),
  )
  const chains: [string, string][][] = [
    ['createShip 201', 'getShip 200', 'replaceShip 200', 'deleteShip 204', 'getShip'],
    ['createShip 201', 'changeShip 200', 'deleteShip'],
    ['createUser 201', 'logIn 200', 'refreshAccessToken'],
    ['createUser 201', 'getUser 200', 'replaceUser 200', 'deleteUser 204', 'getUser'],
    ['createArticle 200', 'getArticle 200', 'editArticle 200', 'deleteArticle 200', 'getArticle'],
    ['listTemplates 200', 'getTemplate 200', 'replaceTemplate 200', 'deleteTemplate'],
    ['listAccounts 200', 'getAccount 200', 'promoteUser 200', 'deleteAccount 200', 'getAccount'],
    ['uploadPackage 200', 'downloadFile 200', 'deleteTag 204', 'downloadFile'],
    ['uploadFileAtPackages 200', 'listTagsAtPackages 200', 'deletePackageAtPackages'],
    ['createDmp 201', 'getDmp 200', 'updateDmp 200', 'deleteDmp 200', 'getDmp'],
    ['createDmp 201', 'createTask 201', 'getTask 200', 'downloadPdf'],
    ['logIn 200', 'logOut'],
    ['register 200', 'logInToForum 200', 'verifyToken'],
    ['addUser 200', 'getToken 200', 'invalidateToken'],
    ['logInWithBasic 200', 'endSession'],
  ].map((chain) => chain.slice(1).map((to, at) => [chain[at] ?? '', to]))
  for (const [from, to] of chains.flat()) {
    const [operation, status = ''] = from.split(' ')
    const links = answers.get(operation)?.[status]?.links ?? {}
    t.ok(links[to.split(' ')[0] ?? ''], `${from} leads to ${to}`)
  }
  t.same(answers.get('createShip')?.['201']?.links?.changeShip, {
    operationId: 'changeShip',
    parameters: { id: '$response.body#/id', 'If-Match': '$response.header.ETag' },
  })
})

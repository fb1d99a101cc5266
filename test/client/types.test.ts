import { readFile } from 'node:fs/promises'
import openapiTypescript, { astToString } from 'openapi-typescript'
import t from 'tap'
import { generateOpenapi } from '../../cli/openapi.js'
import { faultsIn } from '../fixtures/compiler.js'
import { ROOT } from '../fixtures/process.js'

const START = `
  import { createClient, type Schemas } from '../../client/index.js'
  export const client = createClient({ baseUrl: 'http://localhost:3000', token: 'token' })
  export const ship: Schemas['ShipInput'] = {
    affiliation: '', category: '', crew: 1, length: 1, manufacturer: '', model: '', roles: [], ship_class: '',
  }
`

/** What one writes, and what the compiler says of it; nothing where it is right. */
const calls: Record<string, [call: string, fault?: RegExp]> = {
  'a right call': [`await client.POST('/api/ships', { body: ship })`],
  'a right call with parameters': [
    `await client.GET('/users/{id}/articles', { params: { path: { id: 1 }, query: { page: 2 } } })`,
  ],
  'a right upload': [
    `await client.POST('/api/v1/packages', { body: { package_name: 'a', tag: 'b', file: new Blob([]) } })`,
  ],
  'a right form that is none': [
    `await client.POST('/template', { body: { title: 'a', url: 'b' } })`,
  ],
  'fields of a free-form body': [`await client.POST('/dmps', { body: { any: ['thing'] } })`],
  'a field of an answer': [
    `const { data } = await client.GET('/api/ships')\nexport const crew: number | undefined = data?.[0]?.crew`,
  ],
  'an answer that is no JSON': [
    `const { data } = await client.GET('/api/v1/{package_name}/{tag}', { params: { path: { package_name: 'a', tag: '1' } }, parseAs: 'blob' })\nexport const blob: Blob | undefined = data`,
  ],
  'a field of an error': [
    `const { error } = await client.DELETE('/auth/logout')\nexport const text: string | undefined = error?.message`,
  ],
  'a field too many': [
    `await client.POST('/api/ships', { body: { ...ship, colour: 'red' } })`,
    /'colour' does not exist in type/,
  ],
  'a field of another type': [
    `await client.POST('/api/ships', { body: { ...ship, crew: 'one' } })`,
    /Type 'string' is not assignable to type 'number'/,
  ],
  'a field that is missing': [
    `await client.POST('/auth/login', { body: { username: 'user' } })`,
    /Property 'password' is missing/,
  ],
  'a body that is missing': [`await client.POST('/auth/login')`, /Expected 2 arguments, but got 1/],
  'a parameter of the path that is missing': [
    `await client.GET('/api/ships/{id}', {})`,
    /Property 'params' is missing/,
  ],
  'a parameter of the path of another type': [
    `await client.GET('/api/ships/{id}', { params: { path: { id: 'one' } } })`,
    /Type 'string' is not assignable to type 'number'/,
  ],
  'a parameter of the query that there isn’t': [
    `await client.GET('/articles', { params: { query: { size: 1 } } })`,
    /'size' does not exist in type/,
  ],
  'a path that there isn’t': [`await client.GET('/api/boats', {})`, /"\/api\/boats"/],
  'a method that the path hasn’t': [
    `await client.PUT('/api/ships', { body: ship })`,
    /"\/api\/ships"/,
  ],
  'text in place of a file': [
    `await client.POST('/api/v1/packages', { body: { package_name: 'a', tag: 'b', file: 'c' } })`,
    /Type 'string' is not assignable to type '{ readonly size: number/,
  ],
  'a field that the answer hasn’t': [
    `const { data } = await client.GET('/api/ships')\nexport const colour = data?.[0]?.colour`,
    /Property 'colour' does not exist/,
  ],
  'a field of an answer as another type': [
    `const { data } = await client.GET('/api/users')\nexport const name: number | undefined = data?.[0]?.name`,
    /Type 'string' is not assignable to type 'number'/,
  ],
  'a field of an answer that may be an error': [
    `const { data } = await client.GET('/api/users/{id}', { params: { path: { id: 1 } } })\nexport const { name } = data`,
    /Property 'name' does not exist/,
  ],
  'a schema that there isn’t': [
    `export type Boat = Schemas['Boat']`,
    /Property 'Boat' does not exist/,
  ],
  'an option of the client that there isn’t': [
    `createClient({ baseURL: 'http://localhost:3000' })`,
    /'baseURL' does not exist/,
  ],
}

t.test('what the document does not have does not compile', async (t) => {
  const texts = Object.entries(calls).map(([name, [call]]) => [name, `${START}\n${call}`])
  const faults = faultsIn('test/client', Object.fromEntries(texts))
  for (const [name, [, fault]] of Object.entries(calls)) {
    const found = faults[name] ?? ['not compiled']
    if (fault) t.match(found.join('\n'), fault, name)
    else t.same(found, [], name)
  }
})

t.test('a client of another document has its types', async (t) => {
  const document = JSON.stringify(await generateOpenapi({ apis: 'plans' }))
  const start = `
    import { createClient } from '../../client/index.js'
    import document from '../../openapi.json' with { type: 'json' }
    ${astToString(await openapiTypescript(document))}
    export const client = createClient<paths>({ baseUrl: 'http://localhost:3000', document })
  `
  const faults = faultsIn('test/client', {
    right: `${start}
      const { data } = await client.POST('/dmps', { body: { any: ['thing'] } })
      export const ok: boolean | undefined = data?.ok`,
    wrong: `${start}\nawait client.GET('/api/ships', {})`,
  })
  t.same(faults.right, [])
  t.match(faults.wrong?.join('\n'), /"\/api\/ships"/)
})

t.test("the README's example compiles", async (t) => {
  const readme = await readFile(`${ROOT}/README.md`, 'utf8')
  const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? []
  t.match(example, "from 'slipway/client'")
  const text = `${example.replace('slipway/client', '../../client/index.js')}\nexport { crew, error }`
  t.same(faultsIn('test/client', { readme: text }), { readme: [] })
})

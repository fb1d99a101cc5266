import { readFile, writeFile } from 'node:fs/promises'
import openapiTypescript, { astToString } from 'openapi-typescript'
import t from 'tap'
import { tsImport } from 'tsx/esm/api'
import { blog, writeDb } from '../fixtures/blog.js'
import { faultsIn } from '../fixtures/compiler.js'
import { finish, ROOT, startProcess } from '../fixtures/process.js'

// The typed client on a file of one's own, with the types that openapi-typescript makes of `slipway openapi db.json`.

/** Calls that compile, and what they end with. They come after a client and the type `Schemas`. */
const RIGHT: Record<string, [calls: string, result: unknown]> = {
  'a list': [
    `const { data } = await client.GET('/posts', { params: { query: { _sort: '-views', _limit: 2 } } })
     return data?.map(({ title, views }) => title.length + views)`,
    [30, 30],
  ],
  'a list by a field': [
    `const { data } = await client.GET('/comments', { params: { query: { postId: 2 } } })
     const text: string | undefined = data?.[0]?.text
     return text`,
    'Alone',
  ],
  'a list by what is within a field, and by operators': [
    `const query = { 'meta.language': 'fr', views_gte: 3, views_lte: 20, title_like: '^(sand|mast)', published_ne: true }
     const { data } = await client.GET('/posts', { params: { query } })
     return data?.map(({ id }) => id)`,
    [2],
  ],
  'a page in an envelope': [
    `const { data } = await client.GET('/posts', { params: { query: { _page: 3, _per_page: 10 } } })
     return data && !Array.isArray(data) ? [data.items, data.pages, data.next, data.data[0]?.id] : data`,
    [25, 3, null, 21],
  ],
  'a record with others in it': [
    `const { data } = await client.GET('/posts/{id}', {
       params: { path: { id: 1 }, query: { _embed: 'comments', _expand: 'author' } },
     })
     return [data?.meta.language, data?.author?.name, data?.comments?.map(({ text }) => text)]`,
    ['fr', 'Ann', ['First!', 'Second']],
  ],
  'a creation and a change': [
    `const input: Schemas['AuthorInput'] = { name: 'Cid' }
     const { data: created, error } = await client.POST('/authors', { body: input })
     if (error) throw new Error(error.message)
     const id: number = created.id
     const params = { path: { id } }
     const { data } = await client.PATCH('/authors/{id}', { params, body: { name: 'Cy' } })
     const { data: gone } = await client.DELETE('/authors/{id}', { params })
     return [created.name, data?.name, gone?.name]`,
    ['Cid', 'Cy', 'Cy'],
  ],
  'creations in one': [
    `const { data = [] } = await client.POST('/tags', { body: [{ name: 'Sand' }, { id: 'x', name: 'X' }] })
     return Array.isArray(data) && data.map(({ name }) => name)`,
    ['Sand', 'X'],
  ],
  'an error': [
    `const { error, response } = await client.GET('/tags/{id}', { params: { path: { id: 'no' } } })
     return [response.status, error?.message]`,
    [404, 'There is no tag with the id no.'],
  ],
}

/** Calls that don't, and what the compiler says. */
const WRONG: Record<string, [call: string, fault: RegExp]> = {
  'a field of another type': [
    `await client.POST('/tags', { body: { name: 7 } })`,
    /Type 'number' is not assignable to type 'string'/,
  ],
  'a field of another type in a list': [
    `await client.POST('/tags', { body: [{ name: 7 }] })`,
    /Type 'number' is not assignable to type 'string'/,
  ],
  'a field that is missing': [
    `await client.PUT('/tags/{id}', { params: { path: { id: 'sea' } }, body: { nam: 'x' } })`,
    /nam.*is not assignable/,
  ],
  'an operator that does not fit the field': [
    `await client.GET('/posts', { params: { query: { views_like: '1' } } })`,
    /'views_like' does not exist in type/,
  ],
  'an id of another type': [
    `await client.GET('/posts/{id}', { params: { path: { id: 'one' } } })`,
    /Type 'string' is not assignable to type 'number'/,
  ],
  'a field of an answer as another type': [
    `const { data } = await client.GET('/posts'); const title: number | undefined = data?.[0]?.title; return title`,
    /Type 'string' is not assignable to type 'number'/,
  ],
  'a field too many, by a schema of the file': [
    `await client.POST('/notes', { body: { text: 'x', colour: 'red' } })`,
    /'colour' does not exist in type/,
  ],
  'a parameter that there isn’t': [
    `await client.GET('/posts', { params: { query: { size: 1 } } })`,
    /'size' does not exist in type/,
  ],
  'an envelope as if it were a list': [
    `const { data } = await client.GET('/posts', { params: { query: { _per_page: 10 } } }); return data?.map(String)`,
    /Property 'map' does not exist/,
  ],
  'a collection that there isn’t': [`await client.GET('/boats', {})`, /"\/boats"/],
}

const note = {
  type: 'object',
  properties: { id: { type: 'integer' }, text: { type: 'string' } },
  required: ['text'],
  additionalProperties: false,
}
const DATA = { ...blog(), notes: [], $collections: { notes: { schema: note } } }

t.test("a client of one's own collections compiles, and does what its types say", async (t) => {
  const file = writeDb(t, DATA)
  const { url } = await startProcess(t, [file])
  const { stdout } = await finish(t, ['openapi', file])
  t.equal(JSON.parse(stdout).paths['/authors/{id}'].get.summary, 'Get an author')
  const types = astToString(await openapiTypescript(stdout))
  const start = (library: string, baseUrl: string) => `
    import { createClient } from '${library}'
    ${types}
    export type Schemas = components['schemas']
    const client = createClient<paths>({ baseUrl: '${baseUrl}' })
  `
  const body = (calls: string) => `export default async () => { ${calls} }`
  const texts = Object.entries({ ...RIGHT, ...WRONG }).map(([name, [calls]]) => [
    name,
    `${start('../../client/index.js', '')}${body(calls)}`,
  ])
  const faults = faultsIn('test/client', Object.fromEntries(texts))
  for (const name of Object.keys(RIGHT)) t.same(faults[name], [], name)
  for (const [name, [, fault]] of Object.entries(WRONG))
    t.match(faults[name]?.join('\n'), fault, name)

  const functions = Object.values(RIGHT).map(([calls]) => `async () => { ${calls} }`)
  const program = `${file}.ts`
  await writeFile(
    program,
    `${start(`${ROOT}client/index.ts`, url)}export default [${functions.join(',')}]`,
  )
  const { default: run }: { default: readonly (() => Promise<unknown>)[] } = await tsImport(
    program,
    import.meta.url,
  )
  for (const [index, [name, [, result]]] of Object.entries(RIGHT).entries()) {
    t.same(await run[index]?.(), result, name)
  }
})

t.test("the page's example compiles", async (t) => {
  const page = await readFile(`${ROOT}docs/collections.md`, 'utf8')
  const [, data = ''] = /^```json\n(.*?)^```$/ms.exec(page) ?? []
  const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? []
  const { stdout } = await finish(t, ['openapi', writeDb(t, JSON.parse(data))])
  const types = astToString(await openapiTypescript(stdout))
  const text = example
    .replace('slipway/client', '../../client/index.js')
    .replace('./openapi.json', '../../openapi.json')
    .replace(/^import type .*$/m, types)
  t.same(faultsIn('test/client', { page: `${text}\nexport { post, titles }` }), { page: [] })
})

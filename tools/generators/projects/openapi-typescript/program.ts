// The common program (see tools/generators/README.md), with openapi-typescript's types and openapi-fetch.
import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import createClient from 'openapi-fetch'
import type { components, paths } from './client/schema'

const SHIP = {
  affiliation: 'Rebel Alliance',
  category: 'Starfighters',
  crew: 1,
  length: 13,
  manufacturer: 'Incom Corporation',
  model: 'T-65 X-Wing',
  roles: ['Escort'],
  ship_class: 'Starfighter',
}

const [, , packageName = '', baseUrl = ''] = argv
const content = await readFile('openapi.json')
const client = createClient<paths>({ baseUrl })

/** What the server says against a request. */
function refusal(problem: components['schemas']['Problem'] | undefined): string {
  if (!problem) throw new Error('It was not refused')
  const { statusCode, message, details = [] } = problem
  const [detail] = details
  return detail ? `${statusCode} ${detail.path} ${detail.message}` : `${statusCode} ${message}`
}

const login = await client.POST('/auth/login', { body: { username: 'user', password: 'password' } })
if (login.error) throw new Error(refusal(login.error))
console.log('logged in')
console.log(refusal((await client.POST('/api/ships', { body: SHIP })).error))

client.use({
  onRequest({ request }) {
    request.headers.set('Authorization', `Bearer ${login.data.access_token}`)
  },
})
const created = await client.POST('/api/ships', { body: SHIP })
if (created.error) throw new Error(refusal(created.error))
const { id, model, crew } = created.data
console.log(`created ${model}, crew ${crew}`)

const changed = await client.PATCH('/api/ships/{id}', {
  params: { path: { id } },
  body: { crew: 2 },
})
console.log(`changed to crew ${changed.data?.crew}`)

const ships = await client.GET('/api/ships')
const listed = ships.data?.find((ship) => ship.id === id)
console.log(`listed with crew ${listed?.crew}`)

const upload = (parameters: object) =>
  client.POST('/api/v1/packages', {
    body: {
      package_name: packageName,
      tag: '1.0.0',
      json: JSON.stringify(parameters),
      // To openapi-typescript a file is a string; what is sent is what the serializer makes of the body.
      file: content.toString(),
    },
    bodySerializer({ file, ...fields }) {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) form.set(name, value)
      form.set('file', new File([file], 'openapi.json'))
      return form
    },
  })
console.log(refusal((await upload({ tag: '2.0.0' })).error))
if ((await upload({ tag: '1.0.0' })).data) console.log('uploaded')

const path = { package_name: packageName, tag: '1.0.0' }
const file = await client.GET('/api/v1/{package_name}/{tag}', {
  params: { path },
  parseAs: 'arrayBuffer',
})
if (file.data && content.equals(new Uint8Array(file.data))) console.log('downloaded the same bytes')

console.log((await client.DELETE('/auth/logout')).data?.message)
console.log(refusal((await client.POST('/api/ships', { body: SHIP })).error))

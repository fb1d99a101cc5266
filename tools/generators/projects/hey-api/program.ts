// The common program (see tools/generators/README.md), with hey-api's fetch client.
import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import {
  changeShip,
  createShip,
  downloadFile,
  listShips,
  logIn,
  logOut,
  type Problem,
  uploadPackage,
} from './client'
import { client } from './client/client.gen'

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

const [, , packageName = ''] = argv
const content = await readFile('openapi.json')

/** What the server says against a request. */
function refusal(problem: Problem | undefined): string {
  if (!problem) throw new Error('It was not refused')
  const { statusCode, message, details = [] } = problem
  const [detail] = details
  return detail ? `${statusCode} ${detail.path} ${detail.message}` : `${statusCode} ${message}`
}

// The server is the document's.
const login = await logIn({ body: { username: 'user', password: 'password' }, throwOnError: true })
console.log('logged in')
console.log(refusal((await createShip({ body: SHIP })).error))

client.setConfig({ auth: login.data.access_token })
const created = await createShip({ body: SHIP, throwOnError: true })
const { id, model, crew } = created.data
console.log(`created ${model}, crew ${crew}`)

const changed = await changeShip({ path: { id }, body: { crew: 2 } })
console.log(`changed to crew ${changed.data?.crew}`)

const ships = await listShips()
const listed = ships.data?.find((ship) => ship.id === id)
console.log(`listed with crew ${listed?.crew}`)

const upload = (parameters: object) =>
  uploadPackage({
    body: {
      package_name: packageName,
      tag: '1.0.0',
      json: JSON.stringify(parameters),
      file: new File([content], 'openapi.json'),
    },
  })
console.log(refusal((await upload({ tag: '2.0.0' })).error))
if ((await upload({ tag: '1.0.0' })).data) console.log('uploaded')

const file = await downloadFile({
  path: { package_name: packageName, tag: '1.0.0' },
  throwOnError: true,
})
if (content.equals(new Uint8Array(await file.data.arrayBuffer()))) {
  console.log('downloaded the same bytes')
}

console.log((await logOut()).data?.message)
console.log(refusal((await createShip({ body: SHIP })).error))

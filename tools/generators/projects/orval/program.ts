// The common program (see tools/generators/README.md), with orval's fetch client.
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
} from './client/api'

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
function refusal({ status, data }: { status: 400 | 401; data: Problem }): string {
  const [detail] = data.details ?? []
  return detail ? `${status} ${detail.path} ${detail.message}` : `${status} ${data.message}`
}

/** What was asked for, or the refusal as a fault of the program. */
function fail(answer: { status: number; data: unknown }): never {
  throw new Error(`${answer.status} ${JSON.stringify(answer.data)}`)
}

// The server is the document's.
const login = await logIn({ username: 'user', password: 'password' })
if (login.status !== 200) fail(login)
console.log('logged in')
const refused = await createShip(SHIP)
console.log(refused.status === 401 ? refusal(refused) : fail(refused))

const options = { headers: { Authorization: `Bearer ${login.data.access_token}` } }
const created = await createShip(SHIP, options)
if (created.status !== 201) fail(created)
const { id, model, crew } = created.data
console.log(`created ${model}, crew ${crew}`)

const changed = await changeShip(id, { crew: 2 }, options)
console.log(`changed to crew ${changed.status === 200 ? changed.data.crew : fail(changed)}`)

const ships = await listShips()
const listed = ships.status === 200 ? ships.data.find((ship) => ship.id === id) : fail(ships)
console.log(`listed with crew ${listed?.crew}`)

const upload = (parameters: object) =>
  uploadPackage(
    {
      package_name: packageName,
      tag: '1.0.0',
      json: JSON.stringify(parameters),
      file: new File([content], 'openapi.json'),
    },
    options,
  )
const other = await upload({ tag: '2.0.0' })
console.log(other.status === 400 ? refusal(other) : fail(other))
const uploaded = await upload({ tag: '1.0.0' })
console.log(uploaded.status === 200 ? 'uploaded' : fail(uploaded))

const file = await downloadFile(packageName, '1.0.0', options)
if (file.status !== 200) fail(file)
if (content.equals(new Uint8Array(await file.data.arrayBuffer()))) {
  console.log('downloaded the same bytes')
}

const logout = await logOut(options)
console.log(logout.status === 200 ? logout.data.message : fail(logout))
const late = await createShip(SHIP, options)
console.log(late.status === 401 ? refusal(late) : fail(late))

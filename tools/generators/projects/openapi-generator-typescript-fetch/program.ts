// The common program (see tools/generators/README.md), with openapi-generator's typescript-fetch client.
import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import {
  Configuration,
  FleetApi,
  ProblemFromJSON,
  RegistryApi,
  ResponseError,
  type ShipInput,
} from './client/index'

const SHIP: ShipInput = {
  affiliation: 'Rebel Alliance',
  category: 'Starfighters',
  crew: 1,
  length: 13,
  manufacturer: 'Incom Corporation',
  model: 'T-65 X-Wing',
  roles: ['Escort'],
  shipClass: 'Starfighter',
}

const [, , packageName = ''] = argv
const content = await readFile('openapi.json')
let accessToken = ''
// The server is the document's.
const configuration = new Configuration({ accessToken: () => accessToken })
const fleet = new FleetApi(configuration)
const registry = new RegistryApi(configuration)

/** What the server says against a request. */
async function refusal(request: Promise<unknown>): Promise<string> {
  const error = await request.catch((reason: unknown) => reason)
  if (!(error instanceof ResponseError)) throw error
  const { statusCode, message, details } = ProblemFromJSON(await error.response.json())
  const [detail] = details ?? []
  return detail ? `${statusCode} ${detail.path} ${detail.message}` : `${statusCode} ${message}`
}

const tokens = await fleet.logIn({ credentials: { username: 'user', password: 'password' } })
console.log('logged in')
console.log(await refusal(fleet.createShip({ shipInput: SHIP })))

accessToken = tokens.accessToken
const { id, model, crew } = await fleet.createShip({ shipInput: SHIP })
console.log(`created ${model}, crew ${crew}`)

const changed = await fleet.changeShip({ id, shipPatch: { crew: 2 } })
console.log(`changed to crew ${changed.crew}`)

const listed = (await fleet.listShips()).find((ship) => ship.id === id)
console.log(`listed with crew ${listed?.crew}`)

const upload = (parameters: object) =>
  registry.uploadPackage({
    packageName,
    tag: '1.0.0',
    file: new File([content], 'openapi.json'),
    json: JSON.stringify(parameters),
  })
console.log(await refusal(upload({ tag: '2.0.0' })))
await upload({ tag: '1.0.0' })
console.log('uploaded')

const file = await registry.downloadFile({ packageName, tag: '1.0.0' })
if (content.equals(await file.bytes())) console.log('downloaded the same bytes')

console.log((await fleet.logOut()).message)
console.log(await refusal(fleet.createShip({ shipInput: SHIP })))

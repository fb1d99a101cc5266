// The common program (see tools/generators/README.md), with swagger-typescript-api's fetch client.
import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import { Api, type HttpResponse, type Problem } from './client/api'

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
// The server is the document's.
const api = new Api<string>({
  securityWorker: (token) => (token ? { headers: { Authorization: `Bearer ${token}` } } : {}),
})

/** What the server says against a request. */
async function refusal(request: Promise<HttpResponse<unknown, Problem>>): Promise<string> {
  const { error } = await request.catch((refused: HttpResponse<unknown, Problem>) => refused)
  if (!error) throw new Error('It was not refused')
  const { statusCode, message, details = [] } = error
  const [detail] = details
  return detail ? `${statusCode} ${detail.path} ${detail.message}` : `${statusCode} ${message}`
}

const login = await api.auth.logIn({ username: 'user', password: 'password' })
console.log('logged in')
console.log(await refusal(api.api.createShip(SHIP)))

api.setSecurityData(login.data.access_token)
const { id, model, crew } = (await api.api.createShip(SHIP)).data
console.log(`created ${model}, crew ${crew}`)

const changed = await api.api.changeShip(id, { crew: 2 })
console.log(`changed to crew ${changed.data.crew}`)

const listed = (await api.api.listShips()).data.find((ship) => ship.id === id)
console.log(`listed with crew ${listed?.crew}`)

const upload = (parameters: object) =>
  api.api.uploadPackage({
    package_name: packageName,
    tag: '1.0.0',
    json: JSON.stringify(parameters),
    file: new File([content], 'openapi.json'),
  })
console.log(await refusal(upload({ tag: '2.0.0' })))
await upload({ tag: '1.0.0' })
console.log('uploaded')

const file = await api.api.downloadFile(packageName, '1.0.0')
if (content.equals(new Uint8Array(await file.arrayBuffer()))) {
  console.log('downloaded the same bytes')
}

console.log((await api.auth.logOut()).data.message)
console.log(await refusal(api.api.createShip(SHIP)))

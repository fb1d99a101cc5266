// The common program (see tools/generators/README.md), with kubb's client, which uses axios.
import { readFile } from 'node:fs/promises'
import { argv } from 'node:process'
import { setConfig } from '@kubb/plugin-client/clients/axios'
import { isAxiosError } from 'axios'
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
async function refusal(request: Promise<unknown>): Promise<string> {
  const error = await request.catch((reason: unknown) => reason)
  if (!isAxiosError<Problem>(error) || !error.response) throw error
  const { statusCode, message, details = [] } = error.response.data
  const [detail] = details
  return detail ? `${statusCode} ${detail.path} ${detail.message}` : `${statusCode} ${message}`
}

// The server is the document's: kubb.config.mjs says so.
const tokens = await logIn({ username: 'user', password: 'password' })
console.log('logged in')
console.log(await refusal(createShip(SHIP)))

setConfig({ headers: { Authorization: `Bearer ${tokens.access_token}` } })
const { id, model, crew } = await createShip(SHIP)
console.log(`created ${model}, crew ${crew}`)

const changed = await changeShip(id, { crew: 2 })
console.log(`changed to crew ${changed.crew}`)

const listed = (await listShips()).find((ship) => ship.id === id)
console.log(`listed with crew ${listed?.crew}`)

const upload = (parameters: object) =>
  uploadPackage({
    package_name: packageName,
    tag: '1.0.0',
    json: JSON.stringify(parameters),
    file: new File([content], 'openapi.json'),
  })
console.log(await refusal(upload({ tag: '2.0.0' })))
await upload({ tag: '1.0.0' })
console.log('uploaded')

// To kubb it is a Blob; axios gives Node an ArrayBuffer.
const file = await downloadFile(packageName, '1.0.0', {}, { responseType: 'arraybuffer' })
if (content.equals(new Uint8Array(await new Response(file).arrayBuffer()))) {
  console.log('downloaded the same bytes')
}

console.log((await logOut()).message)
console.log(await refusal(createShip(SHIP)))

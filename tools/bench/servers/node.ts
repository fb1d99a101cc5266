// The answers from `node:http` alone, with nothing checked: about what no framework can beat.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'

interface Ship {
  readonly id: number
}

const { ships }: { ships: Ship[] } = JSON.parse(readFileSync('data.json', 'utf8'))
const byId = new Map(ships.map((ship) => [ship.id, ship]))
let highestId = byId.size

const server = createServer(async (request, response) => {
  const text = JSON.stringify(await answer(request))
  response.writeHead(request.method === 'POST' ? 201 : 200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
})
server.listen(Number(process.env.PORT), '127.0.0.1')

async function answer(request: IncomingMessage): Promise<Ship | Ship[] | undefined> {
  if (request.method === 'POST') {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    highestId += 1
    const ship: Ship = { id: highestId, ...JSON.parse(body) }
    byId.set(highestId, ship)
    return ship
  }
  const id = request.url?.split('/')[3]
  return id === undefined ? [...byId.values()] : byId.get(Number(id))
}

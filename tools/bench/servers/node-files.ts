// Uploads and downloads by `node:http` alone. A body is the file itself: there are no parts to be told apart.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const folder = await mkdtemp(join(tmpdir(), 'node-'))

const server = createServer(async (request, response) => {
  const [, place, name = ''] = request.url?.split('/') ?? []
  const path = join(folder, name)
  if (request.method === 'GET' && place === 'files') {
    const { size } = await stat(path)
    response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' })
    await pipeline(createReadStream(path), response)
    return
  }
  if (request.method === 'POST') await pipeline(request, createWriteStream(path))
  if (request.method === 'DELETE') await rm(path)
  response.writeHead(200, { 'content-length': 0 })
  response.end()
})
server.listen(Number(process.env.PORT), '127.0.0.1')

// Uploads and downloads by Fastify, @fastify/multipart and Node's streams as they come, logging at Slipway's level. Apart
// from `fastify.ts`, because a plugin more would count in that one's start.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import multipart from '@fastify/multipart'
import Fastify from 'fastify'

interface File {
  readonly Params: { readonly name: string }
}

const folder = await mkdtemp(join(tmpdir(), 'fastify-'))

const app = Fastify({ logger: { level: 'warn' } })
await app.register(multipart, { limits: { fileSize: Number.POSITIVE_INFINITY } })

// What a starting server is asked.
app.get('/api/ships', async () => [])

app.post<File>('/files/:name', async (request) => {
  const part = await request.file()
  if (!part) throw new Error('There is no file')
  await pipeline(part.file, createWriteStream(join(folder, request.params.name)))
  return {}
})

app.get<File>('/files/:name', async ({ params }, reply) => {
  const path = join(folder, params.name)
  const { size } = await stat(path)
  reply.headers({ 'content-length': size, 'content-type': 'application/octet-stream' })
  return reply.send(createReadStream(path))
})

app.delete<File>('/files/:name', async ({ params }) => {
  await rm(join(folder, params.name))
  return {}
})

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })

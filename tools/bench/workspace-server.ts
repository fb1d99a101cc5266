// The child process of `workspaces.ts`: a server with many posts, which tells how much memory it uses.
import { setImmediate } from 'node:timers/promises'
import { buildApp } from '../../app.js'
import { size, usedHeap } from './child.js'
import { post } from './own-records.js'

const app = await buildApp({
  logLevel: 'silent',
  // One more than are weighed, for what is read.
  maxWorkspaces: 1_001,
  data: { posts: Array.from({ length: size }, (_, at) => post(at + 1)) },
})
const url = await app.listen({ port: 0, host: '127.0.0.1' })

/** In bytes, once what was under way has gone. */
async function usedMemory(): Promise<number> {
  usedHeap()
  await setImmediate()
  return usedHeap() + process.memoryUsage().external
}

process.on('message', async () => process.send?.(await usedMemory()))
process.once('disconnect', () => process.exit())
process.send?.(url)

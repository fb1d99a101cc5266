import { Socket } from 'node:net'
import type { PoolClient } from 'pg'

/**
 * Takes note of how much has come on each of some connections.
 * @returns ends those on which nothing has come since: what is under way there fails
 */
export function noteHeard(clients: Iterable<PoolClient>): () => void {
  const before = new Map<Socket, number>()
  for (const { connection } of clients) {
    const { stream } = connection
    // What a test has in place of a socket doesn't count.
    if (stream instanceof Socket) before.set(stream, stream.bytesRead)
  }
  return () => {
    for (const [socket, bytes] of before) if (socket.bytesRead === bytes) socket.destroy()
  }
}

import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type Server, type ServerName, startServer } from './servers.js'

/** How many functions are named. */
const LINES = 20

/** What of a profile is read: V8's, as Node's `--cpu-prof` writes it. */
const Profile = Type.Object({
  nodes: Type.Array(
    Type.Object({
      id: Type.Integer(),
      callFrame: Type.Object({
        functionName: Type.String(),
        url: Type.String(),
        lineNumber: Type.Integer(),
      }),
    }),
  ),
  samples: Type.Array(Type.Integer()),
  /** Microseconds. */
  timeDeltas: Type.Array(Type.Number()),
})

/**
 * Profiles a server, from its start on.
 * @param use what it is asked to do
 * @returns the functions in which it spent most, a line each
 */
export async function profileOf(
  name: ServerName,
  use: (server: Server) => Promise<void> = async () => {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-profile-'))
  try {
    const server = await startServer(name, { profiles: folder })
    await use(server)
    const ended = once(server.process, 'exit')
    server.process.kill('SIGTERM')
    await ended
    const [file = ''] = await readdir(folder)
    return describe(Value.Parse(Profile, JSON.parse(await readFile(join(folder, file), 'utf8'))))
  } finally {
    await rm(folder, { recursive: true })
  }
}

function describe({ nodes, samples, timeDeltas }: Static<typeof Profile>): string {
  const places = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.replace(/^.*\/(dist|node_modules)\//, '')
      return [id, `${functionName || '(anonymous)'} ${file}${file && `:${lineNumber + 1}`}`]
    }),
  )
  const times = new Map<string, number>()
  samples.forEach((id, index) => {
    const place = places.get(id) ?? ''
    times.set(place, (times.get(place) ?? 0) + (timeDeltas[index] ?? 0))
  })
  for (const place of times.keys()) if (place.startsWith('(idle)')) times.delete(place)
  const all = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, LINES)
    .map(([place, time]) => `${((time / all) * 100).toFixed(1).padStart(6)} %  ${place}`)
    .join('\n')
}

import type { Result } from './result.js'
import { CONTENDERS, type Contender, measureInTurn, median } from './rounds.js'
import { startServer, stopServer } from './servers.js'

/** From the start of a process to its first answer. */
export async function compareStarts(rounds: number): Promise<Result[]> {
  // The first round only brings the files into the system's cache.
  await measureInTurn(1, startTimeOf)
  const measured = await measureInTurn(rounds, startTimeOf)
  const milliseconds = CONTENDERS.map((name) =>
    Math.round(median(measured.map((round) => round[name]))),
  )
  return [
    {
      what: 'start to first answer',
      target: { atMost: 1.7 },
      reached: median(measured.map(({ slipway, fastify }) => slipway / fastify)),
      aside: `milliseconds: ${milliseconds.join(', ')}`,
    },
  ]
}

async function startTimeOf(name: Contender): Promise<number> {
  const server = await startServer(name === 'slipway' ? 'cli' : name)
  await stopServer(server)
  return server.startTime
}

import { performance } from 'node:perf_hooks'
import { profileOf } from './profile.js'
import type { Result } from './result.js'
import { CONTENDERS, type Contender, measureInTurn, median, spreadOf } from './rounds.js'
import { cpuTimeOf, startServer, stopServer } from './servers.js'

/** From the start of a process to its first answer: the CPU time of it, user and system. */
export async function compareStarts(rounds: number): Promise<Result[]> {
  // The first round only brings the files into the system's cache.
  await measureInTurn(1, measureStart)
  const measured = await measureInTurn(rounds, measureStart)
  const ratios = measured.map(({ slipway, fastify }) => slipway.cpuTime / fastify.cpuTime)
  const all = (figure: keyof Start) =>
    CONTENDERS.map((name) => Math.round(median(measured.map((round) => round[name][figure]))))
  return [
    {
      what: 'start to first answer, beside bare Fastify',
      target: { atMost: 1.8 },
      reached: median(ratios),
      aside: [
        spreadOf(ratios),
        `ms of CPU: ${all('cpuTime').join(', ')}`,
        `ms by the clock: ${all('time').join(', ')}`,
      ].join('; '),
      profile: () => profileOf('cli'),
    },
  ]
}

/** In milliseconds. */
interface Start {
  readonly cpuTime: number
  readonly time: number
}

async function measureStart(name: Contender): Promise<Start> {
  const start = performance.now()
  const server = await startServer(name === 'slipway' ? 'cli' : name)
  const time = performance.now() - start
  const cpuTime = cpuTimeOf(server)
  await stopServer(server)
  return { cpuTime, time }
}

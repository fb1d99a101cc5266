import { OWN_CONTENDERS, type OwnContender, startOwn, writePosts } from './own-servers.js'
import type { Result } from './result.js'
import { median, spreadOf } from './rounds.js'
import { stopServer, userTimeOf } from './servers.js'

const RECORDS = 1_000

/** From the start of a process to the first answer from a file: its CPU time in user mode. */
export async function compareOwnStarts(rounds: number): Promise<Result[]> {
  const file = await writePosts('start.json', RECORDS)
  const measured: Readonly<Record<OwnContender, number>>[] = []
  // The first round only brings the files into the system's cache.
  for (let round = 0; round <= rounds; round++) {
    measured.push({
      slipway: await measureStart('slipway', file),
      old: await measureStart('old', file),
      new: await measureStart('new', file),
    })
  }
  measured.shift()
  const ratios = measured.map((times) => times.slipway / times.old)
  const medians = OWN_CONTENDERS.map((name) => median(measured.map((times) => times[name])))
  return [
    {
      what: 'own: start with 1,000 records, beside json-server 0.17',
      target: { atMost: 1.3 },
      reached: median(ratios),
      aside: `${spreadOf(ratios)}; ms in user mode: ${medians.join(', ')}`,
    },
  ]
}

async function measureStart(name: OwnContender, file: string): Promise<number> {
  const server = await startOwn(name, file)
  const time = userTimeOf(server)
  await stopServer(server)
  return time
}

import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Result } from './result.js'
import { CONTENDERS, type Contender, measureInTurn, median, type Round } from './rounds.js'
import { cpuTimeOf, peakMemoryOf, type Server, startServer, stopServer } from './servers.js'

const MIB = 1024 ** 2
const SIZE = 64 * MIB

/** What the client gives the system, or takes from it, at once: large, so that it isn't the slower one. */
const PIECE = 256 * 1024

/** In the first rounds the code is still being compiled. */
const WARM_UP = 2

const PACKAGE = 'transfers'
const BOUNDARY = 'the-boundary-of-the-parts'
const CONTENT_TYPE = `multipart/form-data; boundary=${BOUNDARY}`

const KINDS = ['upload', 'download'] as const
type Kind = (typeof KINDS)[number]

/** A server, and how it is asked. */
interface Site {
  readonly server: Server
  readonly headers: Readonly<Record<string, string>>
  readonly uploadPath: (tag: string) => string
  readonly filePath: (tag: string) => string
  readonly bodyOf: (tag: string, content: Buffer) => readonly Buffer[]
}

interface Sample {
  /** In MiB. */
  readonly perSecond: number
  /** All of the server's threads', in milliseconds. */
  readonly cpuTime: number
}

/** What one process of each server has shown. */
interface Run {
  readonly rounds: readonly Round<Sample>[]
  /** In MiB. */
  readonly peakMemory: Round<number>
}

/**
 * Slipway takes a file of 64 MiB, and gives it back, beside bare Fastify and `node:http`. The file never leaves the system's
 * cache: a disk's own speed would be the same for all.
 * @param processes how many of each server are measured, one after the other
 * @throws when a server refuses, or doesn't give back what it was given
 */
export async function compareTransfers(processes: number, rounds: number): Promise<Result[]> {
  const content = randomBytes(SIZE)
  const results: Result[] = []
  for (const kind of KINDS) {
    const runs: Run[] = []
    for (let process = 0; process < processes; process++) {
      runs.push(await run(kind, content, rounds))
    }
    results.push(resultOf(kind, runs))
  }
  return results
}

async function run(kind: Kind, content: Buffer, rounds: number): Promise<Run> {
  const sites = {
    slipway: await slipwaySite(),
    fastify: plainSite(await startServer('fastify-files'), partsOf),
    node: plainSite(await startServer('node-files'), (_tag, file) => [file]),
  }
  let tags = 0
  const measured = await measureInTurn(WARM_UP + rounds, (name) => {
    tags += 1
    return measure(kind, sites[name], `tag-${tags}`, content)
  })
  const peakMemory = {
    slipway: peakMemoryOf(sites.slipway.server) / MIB,
    fastify: peakMemoryOf(sites.fastify.server) / MIB,
    node: peakMemoryOf(sites.node.server) / MIB,
  }
  for (const name of CONTENDERS) {
    await check(sites[name], content)
    await stopServer(sites[name].server)
  }
  return { rounds: measured.slice(WARM_UP), peakMemory }
}

async function measure(kind: Kind, site: Site, tag: string, content: Buffer): Promise<Sample> {
  const uploaded = await timed(site.server, () => upload(site, tag, content))
  const sample = kind === 'upload' ? uploaded : await timed(site.server, () => download(site, tag))
  await remove(site, tag)
  return sample
}

async function timed(server: Server, transfer: () => Promise<void>): Promise<Sample> {
  const cpuBefore = cpuTimeOf(server)
  const start = performance.now()
  await transfer()
  const time = performance.now() - start
  return { perSecond: SIZE / MIB / (time / 1e3), cpuTime: cpuTimeOf(server) - cpuBefore }
}

/** Makes sure that what a server gives is what it was given. */
async function check(site: Site, content: Buffer): Promise<void> {
  await upload(site, 'check', content)
  const given = await buffer(await send(site, 'GET', site.filePath('check')))
  if (!given.equals(content)) throw new Error(`${site.server.url} gives another file`)
  await remove(site, 'check')
}

async function upload(site: Site, tag: string, content: Buffer): Promise<void> {
  const answer = await send(site, 'POST', site.uploadPath(tag), site.bodyOf(tag, content))
  await text(answer)
}

async function remove(site: Site, tag: string): Promise<void> {
  await text(await send(site, 'DELETE', site.filePath(tag)))
}

/** By a socket that reads into the same memory again and again: a client that parses and allocates would be the slower one. */
function download({ server, headers, filePath }: Site, tag: string): Promise<void> {
  const { hostname: host, port, pathname } = new URL(server.url + filePath(tag))
  return new Promise((resolve, reject) => {
    let missing: number | undefined
    const socket = connect({
      host,
      port: Number(port),
      onread: {
        buffer: Buffer.alloc(PIECE),
        callback: (length, bytes) => {
          // All three servers send their head in one piece.
          missing = (missing ?? SIZE + headLength(bytes)) - length
          return true
        },
      },
    })
    socket.once('error', reject)
    socket.once('close', () =>
      missing === 0 ? resolve() : reject(new Error(`${server.url} kept ${missing} bytes back`)),
    )
    const lines = Object.entries({ host, connection: 'close', ...headers })
    socket.write(
      `GET ${pathname} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`,
    )
  })
}

/** Below zero when it isn't the head of a file. */
function headLength(bytes: Uint8Array): number {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = head.indexOf('\r\n\r\n') + 4
  const isFile = head.toString('latin1', 0, end).startsWith('HTTP/1.1 200 ')
  return isFile ? end : Number.NEGATIVE_INFINITY
}

/** @throws when the answer isn't 200 or 204 */
async function send(
  { server, headers }: Site,
  method: string,
  path: string,
  body: readonly Buffer[] = [],
): Promise<IncomingMessage> {
  const length = body.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const sent = request(server.url + path, {
    method,
    agent: false,
    headers:
      length > 0 ? { ...headers, 'content-type': CONTENT_TYPE, 'content-length': length } : headers,
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
  })
  const [answer] = await Promise.all([answered, pipeline(Readable.from(piecesOf(body)), sent)])
  if (answer.statusCode !== 200 && answer.statusCode !== 204) {
    throw new Error(`${method} ${path}: ${answer.statusCode} ${await text(answer)}`)
  }
  return answer
}

function* piecesOf(body: readonly Buffer[]): Generator<Buffer> {
  for (const part of body) {
    for (let start = 0; start < part.length; start += PIECE) {
      yield part.subarray(start, start + PIECE)
    }
  }
}

async function slipwaySite(): Promise<Site> {
  const server = await startServer('cli')
  const answer = await fetch(`${server.url}/api/v1/user/get_token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'user', password: 'password' }),
  })
  const { token } = Value.Parse(Type.Object({ token: Type.String() }), await answer.json())
  return {
    server,
    headers: { token },
    uploadPath: () => '/api/v1/packages',
    filePath: (tag) => `/api/v1/${PACKAGE}/${tag}`,
    bodyOf: partsOf,
  }
}

function plainSite(server: Server, bodyOf: Site['bodyOf']): Site {
  const path = (tag: string) => `/files/${tag}`
  return { server, headers: {}, uploadPath: path, filePath: path, bodyOf }
}

function partsOf(tag: string, content: Buffer): readonly Buffer[] {
  const start = (disposition: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n`
  return [
    Buffer.from(
      [
        `${start('name="package_name"')}\r\n${PACKAGE}\r\n`,
        `${start('name="tag"')}\r\n${tag}\r\n`,
        `${start('name="file"; filename="file"')}Content-Type: application/octet-stream\r\n\r\n`,
      ].join(''),
    ),
    content,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]
}

function resultOf(kind: Kind, runs: readonly Run[]): Result {
  const rounds = runs.flatMap((each) => each.rounds)
  const ratio = (peer: Contender) =>
    median(rounds.map((round) => round.slipway.perSecond / round[peer].perSecond))
  const all = (figureOf: (name: Contender) => number) =>
    CONTENDERS.map((name) => Math.round(figureOf(name))).join(', ')
  return {
    what: `${kind} of 64 MiB`,
    target: { atLeast: 0.9 },
    reached: ratio('fastify'),
    aside: [
      `of node:http ${ratio('node').toFixed(2)}`,
      `MiB a second: ${all((name) => median(rounds.map((round) => round[name].perSecond)))}`,
      `ms of CPU: ${all((name) => median(rounds.map((round) => round[name].cpuTime)))}`,
      `MiB of memory at most: ${all((name) => Math.max(...runs.map(({ peakMemory }) => peakMemory[name])))}`,
    ].join('; '),
  }
}

import { hostname } from 'node:os'
import {
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import { type LogOutput, logOutput } from './log-output.js'
import { printable } from './printable.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Why the request was refused, for the log. */
    refusal?: string
  }
}

export interface LogOptions {
  readonly logLevel: string
  readonly logFormat: 'auto' | 'json' | 'pretty'
}

/** The level `warn`, as pino writes it. */
const WARN = 40

/** The levels at which requests are logged. */
const WITH_REQUESTS: ReadonlySet<string> = new Set(['info', 'debug', 'trace'])

/** What is logged of a request: one line once it has its answer. Its query is left out, since that may hold anything. */
class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(
    err: Error | null | undefined,
    request: FastifyRequest,
    { statusCode, elapsedTime }: FastifyReply,
  ): void {
    if (this.isLogDisabled(request)) return
    const { method, log, refusal } = request
    const url = request.url.replace(/\?.*/s, '')
    const responseTime = Math.round(elapsedTime * 10) / 10
    const entry = { method, url, statusCode, responseTime, ...(refusal ? { refusal } : {}) }
    if (err) log.error({ ...entry, err }, 'request failed')
    else log.info(entry, 'request completed')
  }
}

/**
 * How Fastify logs: lines for a person in a terminal, JSON elsewhere. What makes the former is loaded for them alone; where
 * no line of a request is wanted, none is made.
 */
export async function loggingFor({
  logLevel: level,
  logFormat,
}: LogOptions): Promise<FastifyServerOptions & { logController: LogController }> {
  const logController = new RequestLog({ disableRequestLogging: !WITH_REQUESTS.has(level) })
  if (level === 'silent') return { logger: { level }, logController }
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY)
  const format = isPretty ? await prettyFormat() : asIs
  return { logger: { level, stream: streamTo(logOutput(), format) }, logController }
}

type Format = (line: string) => string

const asIs: Format = (line) => line

/** What a logger writes to. The first line after some were lost says how many. */
export function streamTo(output: LogOutput, format: Format): { write(line: string): void } {
  return {
    write: (line) => {
      const lost = output.takeLost()
      if (lost > 0) output.write(format(lossLine(lost)))
      output.write(format(line))
    },
  }
}

function lossLine(lost: number): string {
  const entry = { level: WARN, time: Date.now(), pid: process.pid, hostname: hostname() }
  return `${JSON.stringify({ ...entry, lost, msg: `${lost} lines of the log are lost` })}\n`
}

async function prettyFormat(): Promise<Format> {
  const { prettyFactory } = await import('pino-pretty')
  return prettyFactory({
    ignore: 'pid,hostname,reqId,method,url,statusCode,responseTime,refusal',
    messageFormat: (entry, messageKey) => printable(lineOf(entry) ?? String(entry[messageKey])),
  })
}

/** A request in one line; undefined for an entry of another kind. */
function lineOf(entry: Readonly<Record<string, unknown>>): string | undefined {
  if (!('responseTime' in entry)) return undefined
  const { method, url, statusCode, responseTime, refusal } = entry
  return `${method} ${url} ${statusCode} in ${responseTime} ms${refusal ? `: ${refusal}` : ''}`
}

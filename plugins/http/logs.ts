import {
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
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
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY)
  if (!isPretty || level === 'silent') return { logger: { level }, logController }
  prettyOutput ??= openPrettyOutput()
  return { logger: { level, stream: await prettyOutput }, logController }
}

/** One for all servers of the process, since each would listen for the end of the output. */
let prettyOutput: ReturnType<typeof openPrettyOutput> | undefined

async function openPrettyOutput() {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    destination: process.stdout,
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

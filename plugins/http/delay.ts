import type { FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    readonly delays: Delays
  }
}

export interface DelayOptions {
  /** How long each answer waits, in milliseconds. */
  readonly delay: number
}

/** The longest that a query can ask an answer to wait, in milliseconds. */
export const MAX_DELAY = 10_000

/** Lets answers wait: until their time has come, their client has left, or the server is told to stop. */
export class Delays {
  readonly #ends = new Set<() => void>()
  #isOver = false

  /** How many answers wait. */
  get size(): number {
    return this.#ends.size
  }

  async wait({ raw }: FastifyReply, milliseconds: number): Promise<void> {
    if (this.#isOver || raw.destroyed) return
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        raw.off('close', end)
        this.#ends.delete(end)
        resolve()
      }
      const timer = setTimeout(end, milliseconds)
      raw.once('close', end)
      this.#ends.add(end)
    })
  }

  /** Ends all waiting, now and from now on. */
  end(): void {
    this.#isOver = true
    for (const end of [...this.#ends]) end()
  }
}

/**
 * How long a request asks its answer to wait, in milliseconds: the first `_delay` of its query, `MAX_DELAY` at most; 0 for
 * what is no whole number.
 */
export function delayOf(query: unknown): number {
  const [text] = [Object(query)._delay].flat()
  return typeof text === 'string' && /^\d+$/.test(text) ? Math.min(Number(text), MAX_DELAY) : 0
}

/** For scopes whose requests can ask for a delay: an `onSend` hook. It comes beside the server's own. */
export const delayAsAsked: onSendHookHandler<unknown> = async (
  request: FastifyRequest,
  reply: FastifyReply,
) => {
  const milliseconds = delayOf(request.query)
  if (milliseconds > 0) await request.server.delays.wait(reply, milliseconds)
}

/** Lets each answer wait, as one over a slow line does. What it tells of has been done by then. */
export default fp<DelayOptions>(
  async (app, { delay }) => {
    const delays = new Delays()
    app.decorate('delays', delays)
    // A stop has its own time for requests to finish.
    app.addHook('preClose', async () => delays.end())
    if (delay > 0) app.addHook('onSend', async (_request, reply) => delays.wait(reply, delay))
  },
  { name: 'delay' },
)

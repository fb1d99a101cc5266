import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { errors } from './errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly eventStreams: EventStreams
  }
}

/** The media type of Server-Sent Events (HTML, section 9.2). */
export const EVENT_STREAM = 'text/event-stream'

/** How many streams are open at once, in all and to one address. */
const MAX_OPEN = 1_000
const MAX_OPEN_TO_ONE = 100

/** How much may wait for a client that doesn't read, in characters: then its connection ends. */
const MAX_WAITING = 4 * 1024 * 1024

/** How much is handed on at once, in characters. */
const PIECE = 64 * 1024

/** How often each stream says that it is there, in milliseconds: proxies end connections on which nothing comes. */
const HEARTBEAT = 15_000

/** A comment, which clients pass over. */
const COMMENT = ':\n\n'

/** Looks whether a client may still have what is about to be sent: throws where it may not. */
export type Recheck = () => Promise<void>

/** Events on their way to one client. They wait as text, which streams of the same events share. */
export class EventStream extends Readable {
  readonly #recheck: Recheck
  /** What nobody has looked at yet. */
  #unchecked: string[] = []
  /** What can go. */
  readonly #ready: string[] = []
  #waiting = 0
  #isChecking = false
  #isWanted = false
  #isOver = false

  constructor(recheck: Recheck) {
    super({ highWaterMark: PIECE })
    this.#recheck = recheck
  }

  /** Whether the client has not taken all there is. */
  get isBehind(): boolean {
    return this.#waiting > 0 || this.readableLength > 0
  }

  /** Begins the answer, also where nothing happens: who has its head misses nothing from then on. */
  begin(): void {
    if (this.destroyed) return
    this.#ready.unshift(COMMENT)
    this.#waiting += COMMENT.length
    this.#flow()
  }

  /** @param data one line */
  tell(event: string, data: string): void {
    this.#add(`event: ${event}\ndata: ${data}\n\n`)
  }

  /** Shows the client that the server is there, and the server whether the client may be. */
  beat(): void {
    this.#add(COMMENT)
  }

  /** Ends it behind what has been told. */
  end(): void {
    this.#isOver = true
    this.#flow()
  }

  override _read(): void {
    this.#isWanted = true
    this.#flow()
  }

  #add(text: string): void {
    if (this.#isOver || this.destroyed) return
    if (this.#waiting > MAX_WAITING) {
      this.destroy()
      return
    }
    this.#waiting += text.length
    this.#unchecked.push(text)
    if (!this.#isChecking) this.#check()
  }

  async #check(): Promise<void> {
    this.#isChecking = true
    try {
      while (this.#unchecked.length > 0) {
        // What comes during a look is for the next one.
        const texts = this.#unchecked
        this.#unchecked = []
        await this.#recheck()
        for (const text of texts) this.#ready.push(text)
        this.#flow()
      }
    } catch {
      this.#isOver = true
    }
    this.#isChecking = false
    this.#flow()
  }

  #flow(): void {
    if (!this.#isWanted) return
    if (this.#ready.length > 0) {
      const text = this.#take()
      this.#waiting -= text.length
      this.#isWanted = false
      this.push(text)
    } else if (this.#isOver && !this.#isChecking) {
      this.#isWanted = false
      this.push(null)
    }
  }

  #take(): string {
    let length = 0
    let count = 0
    for (const text of this.#ready) {
      if (length >= PIECE) break
      length += text.length
      count++
    }
    return this.#ready.splice(0, count).join('')
  }
}

/** The streams that are open, each to one client. */
export class EventStreams {
  readonly #heartbeat: number
  readonly #open = new Set<EventStream>()
  readonly #perAddress = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** @param heartbeat how often each shows that it is there, in milliseconds */
  constructor(heartbeat = HEARTBEAT) {
    this.#heartbeat = heartbeat
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size
  }

  /**
   * Answers with a stream of events.
   * @param watch begins to tell it what happens, begins it once nothing is missed, and gives what ends that
   * @throws 503 where too many are open
   */
  send(
    reply: FastifyReply,
    recheck: Recheck,
    watch: (stream: EventStream) => () => void,
  ): FastifyReply {
    const { ip, method } = reply.request
    const ofAddress = this.#perAddress.get(ip) ?? 0
    const isFull = this.#isOver || this.#open.size >= MAX_OPEN || ofAddress >= MAX_OPEN_TO_ONE
    if (isFull && method !== 'HEAD') throw errors.tooManyFeeds()
    reply.type(EVENT_STREAM).headers({
      'cache-control': 'no-store',
      // It takes the connection to its end, so that a stop has not to wait for the client.
      connection: 'close',
      // For nginx, which would gather what comes.
      'x-accel-buffering': 'no',
    })
    if (method === 'HEAD') return reply.send(Readable.from([]))
    const stream = new EventStream(recheck)
    this.#add(stream, ip)
    const unwatch = watch(stream)
    stream.once('close', () => {
      unwatch()
      this.#remove(stream, ip)
    })
    // Also where it was never read.
    reply.raw.once('close', () => stream.destroy())
    return reply.send(stream)
  }

  /** Ends all, now and from now on. */
  end(): void {
    this.#isOver = true
    for (const stream of this.#open) {
      // One who doesn't read would not see the end either.
      if (stream.isBehind) stream.destroy()
      else stream.end()
    }
  }

  #add(stream: EventStream, address: string): void {
    this.#open.add(stream)
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    this.#timer ??= setInterval(() => {
      for (const each of this.#open) each.beat()
    }, this.#heartbeat).unref()
  }

  #remove(stream: EventStream, address: string): void {
    this.#open.delete(stream)
    const left = (this.#perAddress.get(address) ?? 0) - 1
    if (left > 0) this.#perAddress.set(address, left)
    else this.#perAddress.delete(address)
    if (this.#open.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** What a client can have, by the ranges of media types that let in one or the other. */
const OFFERED: ReadonlySet<string> = new Set([
  EVENT_STREAM,
  'application/json',
  'application/*',
  '*/*',
])

/** Whether a request wants events rather than JSON, by what its `Accept` likes best, or else names first (RFC 9110, section 12.5.1). */
export function wantsEvents({ headers: { accept = '' } }: FastifyRequest): boolean {
  if (!/\bevent-stream\b/i.test(accept)) return false
  let highest = 0
  let best = ''
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((each) => each.trim())
    const weight = parameters.find((each) => each.startsWith('q='))?.slice(2) ?? '1'
    if (!OFFERED.has(type) || !(Number(weight) > highest)) continue
    highest = Number(weight)
    best = type
  }
  return best === EVENT_STREAM
}

/** Answers that go on: events, until the client leaves or the server stops. */
export default fp(
  async (app) => {
    const streams = new EventStreams()
    app.decorate('eventStreams', streams)
    app.addHook('preClose', async () => streams.end())
  },
  { name: 'event-stream' },
)

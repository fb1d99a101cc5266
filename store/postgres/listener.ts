import { setTimeout as delay } from 'node:timers/promises'
import type { Channel } from './channel.js'
import type { Database, Statement } from './database.js'

/** How often to look without having heard anything, in milliseconds: while nothing can be heard, and while it can. */
const POLL = 500
const LOOK = 5_000

/** How soon to try again to connect, and to hear where nothing is heard; how long what is said may take to be heard. In milliseconds. */
const FIRST_RETRY = 100
const LAST_RETRY = 1_000
const LAST_HEARING = 10_000
const HEARING = 2_000

/**
 * How often it is asked whether the database still answers, in milliseconds. A way to it that takes everything and brings nothing is found
 * out in this time and that of an answer (2 s). Then all connections are made anew, the first within `LAST_RETRY`: it is back
 * within 5 s, whatever was under way.
 */
const BEAT = 1_000

/** What is said to see whether it is heard. */
const TEST = 'test'

/**
 * Says when to look at something that other processes may have changed. It listens to what the database says (LISTEN, on a connection
 * of its own), and where that can't be heard, as behind a pool of connections, has everything looked at often. By that connection it
 * also finds out when nothing comes from the database any more.
 */
export class Listener {
  readonly #database: Database
  readonly #said: Statement
  readonly #looks = new Map<string, () => void>()
  #channel: Channel | undefined
  /** Whether what is said is heard. */
  #isLive = false
  #onTest = () => {}
  #retry = FIRST_RETRY
  #poll: NodeJS.Timeout | undefined
  #connecting: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(database: Database) {
    this.#database = database
    this.#said = { text: 'select pg_notify($1, $2)', values: [database.schema, TEST] }
  }

  /** @param look is called when there may be something new; it may be called when there is none */
  on(topic: string, look: () => void): void {
    this.#looks.set(topic, look)
  }

  /** Begins to listen. Whatever was missed before it could is looked at. */
  start(): void {
    this.#pollLater()
    this.#connect()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#poll)
    clearTimeout(this.#connecting)
    await this.#channel?.close()
  }

  async #connect(): Promise<void> {
    try {
      const channel = await this.#database.listen((topic) => this.#hear(topic))
      channel.ended.then(() => this.#lost())
      this.#channel = channel
      if (this.#isClosed) return void channel.close()
      this.#beat(channel)
      this.#tryToHear(channel)
    } catch {
      this.#lost()
    }
  }

  /** Tries whether what is said is heard, as long as there is hope. */
  async #tryToHear(channel: Channel): Promise<void> {
    for (let wait = FIRST_RETRY; ; wait = Math.min(wait * 2, LAST_HEARING)) {
      const isHeard = await this.#test().then(
        () => true,
        () => false,
      )
      if (channel.isEnded) return
      if (isHeard) break
      await delay(wait, undefined, { ref: false })
    }
    this.#isLive = true
    this.#retry = FIRST_RETRY
    // What was said while nobody listened.
    this.#lookAtAll()
  }

  /** Asks again and again, and where no answer comes ends all connections on which nothing came meanwhile. */
  async #beat(channel: Channel): Promise<void> {
    for (;;) {
      await delay(BEAT, undefined, { ref: false })
      if (channel.isEnded) return
      const endSilent = this.#database.noteHeard()
      if (!(await channel.isSilent())) continue
      endSilent()
      await channel.close()
    }
  }

  /** Waits until something that is said has been heard. @throws Error when it isn't */
  async #test(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const heard = new Promise<void>((resolve, reject) => {
      this.#onTest = resolve
      timer = setTimeout(() => reject(new Error('Nothing is heard')), HEARING).unref()
    })
    try {
      await Promise.all([this.#database.query(this.#said), heard])
    } finally {
      clearTimeout(timer)
    }
  }

  #hear(topic: string): void {
    if (topic === TEST) this.#onTest()
    this.#looks.get(topic)?.()
  }

  #lost(): void {
    this.#isLive = false
    this.#channel = undefined
    if (this.#isClosed) return
    this.#pollLater()
    this.#connecting = setTimeout(() => this.#connect(), this.#retry).unref()
    this.#retry = Math.min(this.#retry * 2, LAST_RETRY)
  }

  #pollLater(): void {
    clearTimeout(this.#poll)
    const look = () => {
      this.#lookAtAll()
      this.#pollLater()
    }
    this.#poll = setTimeout(look, this.#isLive ? LOOK : POLL).unref()
  }

  #lookAtAll(): void {
    for (const look of this.#looks.values()) look()
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'

/** How long the database may take to say that it hears on it, in milliseconds. */
const ANSWER = 2_000

/** How often it is looked whether there is an answer, and how long that takes each time, in milliseconds: `ANSWER` in all. */
const LOOKS = 8
const LOOK = ANSWER / LOOKS

/** A connection that hears what is said on a channel, as long as it lasts. */
export class Channel {
  /** Done when nothing is heard any more. */
  readonly ended: Promise<void>
  readonly #client: Client
  #isEnded = false

  private constructor(client: Client) {
    this.#client = client
    this.ended = new Promise((resolve) =>
      client.on('end', () => {
        this.#isEnded = true
        resolve()
      }),
    )
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /**
   * Connects, and begins to listen.
   * @param name the channel's, as SQL has it
   * @throws what the driver does
   */
  static async open(
    client: Client,
    name: string,
    hear: (message: string) => void,
  ): Promise<Channel> {
    // Without a listener it would end the process.
    client.on('error', () => {})
    client.on('notification', ({ payload = '' }) => hear(payload))
    const channel = new Channel(client)
    try {
      await client.connect()
      const listen = { text: `listen ${name}`, query_timeout: ANSWER }
      await client.query(listen)
      return channel
    } catch (error) {
      client.connection.stream.destroy()
      throw error
    }
  }

  /** Whether nothing comes any more, which nobody says: the database neither answers nor ends it. */
  async isSilent(): Promise<boolean> {
    const reaction = this.#client.query('select 1').then(
      () => false,
      () => false,
    )
    // Between two looks comes in what has arrived: that this process was held up for long is no silence.
    for (let look = 0; look < LOOKS; look++) {
      const isSilent = await Promise.race([reaction, delay(LOOK, true, { ref: false })])
      if (!isSilent) return false
    }
    return true
  }

  /** Says nothing more to the database: it could be one that doesn't hear it either. */
  async close(): Promise<void> {
    this.#client.connection.stream.destroy()
    await this.ended
  }
}

import type { Client } from 'pg'

/** A connection that hears what is said on a channel, as long as it lasts. */
export class Channel {
  /** Done when nothing is heard any more. */
  readonly ended: Promise<void>
  readonly #client: Client

  private constructor(client: Client, ended: Promise<void>) {
    this.#client = client
    this.ended = ended
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
    const ended = new Promise<void>((resolve) => client.on('end', () => resolve()))
    const channel = new Channel(client, ended)
    try {
      await client.connect()
      await client.query(`listen ${name}`)
      return channel
    } catch (error) {
      client.connection.stream.destroy()
      throw error
    }
  }

  /** Ends it where the database can't be reached, which is not always heard of. */
  async check(): Promise<void> {
    await this.#client.query('select 1').catch(() => this.close())
  }

  /** Says nothing more to the database: it could be one that doesn't hear it either. */
  async close(): Promise<void> {
    this.#client.connection.stream.destroy()
    await this.ended
  }
}

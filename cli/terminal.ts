import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { Refusal } from './say.js'

/** What readline writes to: the terminal, while what is typed may be seen. */
class Echo extends Writable {
  isOn = false

  /** Where lines break. */
  get columns(): number {
    return process.stderr.columns
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.isOn) process.stderr.write(chunk)
    done()
  }
}

/** Says whether somebody is there to be asked. */
export function isTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/**
 * Asks questions on the terminal. The terminal's own echo is off from the first question until `close`, so that nothing
 * is seen either that is typed or pasted before its question comes.
 */
export class Terminal {
  readonly #echo = new Echo()
  readonly #readline: Interface
  /** Lines that came before their question. */
  readonly #lines: string[] = []
  #isClosed = false
  #wake: () => void = () => {}

  constructor() {
    this.#readline = createInterface({
      input: process.stdin,
      output: this.#echo,
      terminal: true,
      // Or the arrow keys would show a password that was typed.
      historySize: 0,
    })
    this.#readline.on('line', (line) => {
      this.#echo.isOn = false
      this.#lines.push(line)
      this.#wake()
    })
    // Ctrl-D closes.
    for (const event of ['close', 'error']) {
      this.#readline.on(event, () => {
        this.#isClosed = true
        this.#wake()
      })
    }
    this.#readline.on('SIGINT', () => this.#readline.close())
  }

  /**
   * Asks for a line.
   * @throws Refusal on Ctrl-C or Ctrl-D
   */
  async ask(question: string): Promise<string> {
    if (this.#lines.length === 0) {
      this.#echo.isOn = true
      this.#readline.setPrompt(question)
      this.#readline.prompt(true)
    } else {
      process.stderr.write(`${question}\n`)
    }
    return this.#nextLine()
  }

  /**
   * Asks for a line that nobody may see.
   * @throws Refusal on Ctrl-C or Ctrl-D
   */
  async askUnseen(question: string): Promise<string> {
    process.stderr.write(question)
    const line = await this.#nextLine()
    process.stderr.write('\n')
    return line
  }

  close(): void {
    this.#readline.close()
  }

  async #nextLine(): Promise<string> {
    while (this.#lines.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const line = this.#lines.shift()
    if (line !== undefined) return line
    process.stderr.write('\n')
    throw new Refusal('cancelled: nothing has changed')
  }
}

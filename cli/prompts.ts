import { Refusal, UsageError } from './say.js'
import { isTerminal, Terminal } from './terminal.js'

/** Asks for the values that the command line doesn't give, where there is a terminal. */
export class Prompts {
  #terminal: Terminal | undefined

  /** Whether somebody is there to be asked. */
  get canAsk(): boolean {
    return isTerminal()
  }

  /**
   * A value that has to be there.
   * @throws UsageError when it isn't given and nobody can be asked
   */
  async required(name: string, given: string | undefined): Promise<string> {
    return given ?? (await this.#open(`the ${name}`).ask(`${capitalized(name)}: `))
  }

  /** A value that may be absent: nobody is asked without a terminal, and an empty answer is none. */
  async optional(name: string, given: string | undefined): Promise<string | undefined> {
    if (given !== undefined || !this.canAsk) return given
    return (await this.#open(name).ask(`${capitalized(name)} (may be empty): `)) || undefined
  }

  /**
   * A new password, typed twice, unseen.
   * @throws Refusal when the two differ, UsageError when nobody can be asked
   */
  async newPassword(): Promise<string> {
    const terminal = this.#open('the password (--password-stdin reads it from standard input)')
    const password = await terminal.askUnseen('Password: ')
    if (password !== (await terminal.askUnseen('The same again: '))) {
      throw new Refusal('the two passwords are not the same: nothing has changed')
    }
    return password
  }

  /**
   * Asks for a yes.
   * @throws Refusal for any other answer, UsageError when nobody can be asked
   */
  async confirm(question: string): Promise<void> {
    const answer = await this.#open('--yes').ask(`${question} [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal('nothing has changed')
  }

  /** Gives the terminal back. */
  close(): void {
    this.#terminal?.close()
  }

  #open(missing: string): Terminal {
    if (!this.canAsk) {
      throw new UsageError(`missing: ${missing}; there is no terminal to ask for it`)
    }
    this.#terminal ??= new Terminal()
    return this.#terminal
  }
}

/** Does something that may ask, and gives the terminal back whatever happens. */
export async function withPrompts<R>(work: (prompts: Prompts) => Promise<R>): Promise<R> {
  const prompts = new Prompts()
  try {
    return await work(prompts)
  } finally {
    prompts.close()
  }
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

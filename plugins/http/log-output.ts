import { write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { reasonOf } from '../../store/errors.js'

/** How much may wait for a reader that doesn't read, in characters: what comes then is lost. */
const MAX_WAITING = 1024 * 1024

/** How long the end of the process waits for what is left, in milliseconds. */
const PATIENCE = 500

/** Where a log goes. */
export interface LogTarget {
  /** @param done hears how it went, and is called once */
  write(text: string, done: (error?: Error | null) => void): void
  /** Writes what is left while the process exits, if that takes no time. */
  writeLast(text: string): void
}

/**
 * Writes the log without ever holding up who logs: on a full disk, or where nobody reads it, the server goes on without it.
 * It takes lines again once they can be written.
 */
export class LogOutput {
  readonly #target: LogTarget
  readonly #warn: (line: string) => void
  #waiting = ''
  #isWriting = false
  #isFailing = false
  #hasWarned = false
  #lost = 0
  #whenIdle: (() => void)[] = []

  /** @param warn tells somebody else, once, that lines are lost */
  constructor(target: LogTarget, warn: (line: string) => void) {
    this.#target = target
    this.#warn = warn
  }

  write(line: string): void {
    if (this.#waiting.length + line.length > MAX_WAITING) {
      this.#lose(1, 'nobody reads it')
      return
    }
    this.#waiting += line
    if (!this.#isWriting) this.#flush()
  }

  /** How many lines were lost, once after it can be written again; 0 before. */
  takeLost(): number {
    if (this.#isFailing) return 0
    const lost = this.#lost
    this.#lost = 0
    return lost
  }

  /** Resolves when all is written, or can't be, or after a moment. */
  async settled(patience = PATIENCE): Promise<void> {
    if (!this.#isWriting) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience)
      this.#whenIdle.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** For the moment when the process exits. */
  end(): void {
    if (this.#waiting !== '' && !this.#isFailing) this.#target.writeLast(this.#waiting)
  }

  #flush(): void {
    const text = this.#waiting
    this.#waiting = ''
    this.#isWriting = true
    this.#target.write(text, (error) => {
      if (error) this.#lose(text.split('\n').length - 1, reasonOf(error))
      else this.#isFailing = false
      this.#isWriting = false
      if (this.#waiting !== '') return this.#flush()
      for (const resolve of this.#whenIdle.splice(0)) resolve()
    })
  }

  #lose(lines: number, reason: string): void {
    this.#isFailing = true
    this.#lost += lines
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#warn(`the log can't be written (${reason}): the server goes on without it`)
  }
}

/** Standard output. A pipe or a terminal is Node's to write, which never waits for a pipe's reader; a file is written beside. */
export function standardOutput(): LogTarget {
  const { stdout } = process
  if (stdout instanceof Socket) {
    // Each write that fails says so by itself.
    stdout.on('error', () => {})
    return {
      write: (text, done) => stdout.write(text, done),
      writeLast: (text) => stdout.write(text),
    }
  }
  return new FileTarget(1)
}

/** A file, of which a line is never written in part: what a full disk cuts off is ended before the next. */
export class FileTarget implements LogTarget {
  readonly #descriptor: number
  #isTorn = false

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(text: string, done: (error?: Error | null) => void): void {
    this.#write(Buffer.from(this.#isTorn ? `\n${text}` : text), done)
  }

  writeLast(text: string): void {
    try {
      writeSync(this.#descriptor, text)
    } catch {
      // There is nobody left to tell.
    }
  }

  #write(bytes: Buffer, done: (error?: Error | null) => void): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (error) return done(error)
      this.#isTorn = written < bytes.length
      if (this.#isTorn) this.#write(bytes.subarray(written), done)
      else done()
    })
  }
}

/** One for all servers of the process, as they have one standard output. */
let output: LogOutput | undefined

export function logOutput(): LogOutput {
  if (output) return output
  const made = new LogOutput(standardOutput(), (line) => process.stderr.write(`slipway: ${line}\n`))
  process.once('exit', () => made.end())
  output = made
  return made
}

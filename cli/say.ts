import { printable } from '../plugins/http/printable.js'

/** Prints one line that says what was done. */
export function say(line: string): void {
  process.stdout.write(`${printable(line)}\n`)
}

/** A number of things: `1 user`, `2 users`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

/** Things in a row: `a, b and c`. */
export function listed(things: readonly string[]): string {
  return [things.slice(0, -1).join(', '), ...things.slice(-1)].filter(Boolean).join(' and ')
}

/** What a command won't do, in one line. The process ends with exit code 1. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** A command that was called wrongly, in one line. The process ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

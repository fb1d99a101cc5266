import { codeOf, reasonOf } from '../seed/read.js'

/** The exit code of a refusal. */
export const REFUSED = 1

/** Ends a command whose output can't be written: quietly where its reader has read enough, as `head` does. */
export function endWithoutOutput(error: Error): void {
  if (codeOf(error) === 'EPIPE') process.exit()
  process.stderr.write(`slipway: the output can't be written (${reasonOf(error)})\n`)
  process.exit(REFUSED)
}

/** A server has more to do than to log. */
export function goOnWithoutOutput(): void {
  process.stdout.off('error', endWithoutOutput).on('error', () => {})
}

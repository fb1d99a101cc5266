/** What a command won't do, in one line. The process ends with exit code 1. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** A command that was called wrongly, in one line. The process ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

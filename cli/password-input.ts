import { Refusal, UsageError } from './say.js'

/** More than any password has, so that an endless input ends. */
const MAX_BYTES = 64 * 1024

/**
 * The password that standard input holds, for scripts. One line break at its end is not part of it.
 * @throws UsageError when standard input is a terminal, which would show it; Refusal when it holds no text
 */
export async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UsageError('--password-stdin takes the password from a pipe or a file')
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BYTES) throw new Refusal('the password on standard input is too long')
    chunks.push(bytes)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return text.decode(Buffer.concat(chunks)).replace(/\r?\n$/, '')
  } catch {
    throw new Refusal('the password on standard input is not UTF-8 text')
  }
}

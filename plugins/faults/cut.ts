import type { ServerResponse } from 'node:http'

/**
 * Ends the connection of an answer when its headers and a part of its body have gone. One that has no body never begins, since
 * its headers alone would be all of it.
 */
export function cutBody(raw: ServerResponse): void {
  const write = raw.write.bind(raw)
  let isCut = false
  const cut = (chunk: unknown): void => {
    const bytes = bytesOf(chunk)
    if (isCut || bytes.length === 0) return
    isCut = true
    const part = bytes.subarray(0, Math.floor(bytes.length / 2))
    const end = () => raw.destroy()
    if (part.length > 0) write(part, end)
    else {
      raw.flushHeaders()
      setImmediate(end)
    }
  }
  raw.write = (chunk: unknown) => {
    cut(chunk)
    // What is piped here goes no further.
    return !isCut
  }
  raw.end = (chunk?: unknown) => {
    cut(chunk)
    if (!isCut) {
      isCut = true
      raw.destroy()
    }
    return raw
  }
}

function bytesOf(chunk: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0)
}

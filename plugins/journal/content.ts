import { isUtf8 } from 'node:buffer'
import { FORM } from '../http/form.js'
import { MULTIPART } from '../http/multipart.js'
import { hideInForm, hideInJson, hideInMultipart } from './secrets.js'

/** How much of a body is kept, in bytes. */
export const MAX_CONTENT = 64 * 1024

/** The beginning of a body, as it passes. */
export class Content {
  readonly #chunks: Buffer[] = []
  size = 0
  /** Whether there was more. */
  isCut = false

  /** Takes what still has room. Nothing of it may be written to later. */
  add(chunk: Buffer): void {
    const room = MAX_CONTENT - this.size
    this.isCut ||= chunk.length > room
    if (room === 0) return
    const part = chunk.subarray(0, room)
    // A part of a large buffer would keep all of it.
    const isSmall = part.length * 2 < part.buffer.byteLength
    this.#chunks.push(isSmall ? Buffer.from(part) : part)
    this.size += part.length
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

/** A body as it is kept: texts that are small are the ones that were sent, which cost nothing. */
export type Kept = Content | string

/** Keeps the beginning of a body that is there as a whole. */
export function kept(body: string | Uint8Array): Kept | undefined {
  if (body.length === 0) return undefined
  if (typeof body === 'string' && body.length <= MAX_CONTENT) return body
  const content = new Content()
  if (typeof body !== 'string')
    content.add(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  else {
    // Only as much as fits is encoded. Each character is a byte at least, so that there is more.
    const bytes = Buffer.allocUnsafeSlow(MAX_CONTENT)
    content.add(bytes.subarray(0, bytes.write(body)))
    content.isCut = true
  }
  return content
}

/** How much memory a body takes, in bytes, or somewhat less. */
export function sizeOf(content: Kept | undefined): number {
  if (content === undefined) return 0
  return typeof content === 'string' ? content.length : content.size
}

/** A body as one reads it in the journal. */
export interface Body {
  /** Null where there was none, or it isn't kept any more. */
  readonly body: string | null
  readonly encoding?: 'base64'
  /** Whether this is only its beginning. */
  readonly truncated?: true
}

/** A body without its secrets: text where it is one, and else its bytes in base64. */
export function bodyOf(content: Kept | undefined, contentType = ''): Body {
  if (content === undefined) return { body: null }
  const bytes = typeof content === 'string' ? Buffer.from(content) : content.bytes()
  const isCut = bytes.length > MAX_CONTENT || (typeof content !== 'string' && content.isCut)
  const beginning = bytes.subarray(0, MAX_CONTENT)
  const whole = isCut ? withoutHalf(beginning) : beginning
  const truncated = isCut ? ({ truncated: true } as const) : {}
  // As latin1, in which each byte is a character: what is secret in broken text is hidden too.
  const hidden = Buffer.from(hiderFor(contentType)(whole.toString('latin1'), contentType), 'latin1')
  if (isUtf8(hidden)) return { body: hidden.toString(), ...truncated }
  return { body: hidden.toString('base64'), encoding: 'base64', ...truncated }
}

type Hide = (text: string, contentType: string) => string

/** Hides secrets in a body of some media type; in pictures and the like there are none. */
function hiderFor(contentType: string): Hide {
  const type = contentType.replace(/;.*/s, '').trim().toLowerCase()
  if (type === FORM) return hideInForm
  if (type === MULTIPART) return hideInMultipart
  return type === '' || /^text\/|[/+](?:json|x-ndjson|yaml)$/.test(type)
    ? hideInText
    : (text) => text
}

/** JSON, or a form that says it is something else, as clients that were set up wrong send it. */
function hideInText(text: string): string {
  return hideInJson(/^[\w.%+[\]-]+=/.test(text) ? hideInForm(text) : text)
}

/** The bytes without a character at their end that is not all there. */
function withoutHalf(bytes: Buffer): Buffer {
  for (let cut = 0; cut < 4; cut++) {
    const shorter = bytes.subarray(0, bytes.length - cut)
    if (isUtf8(shorter)) return shorter
  }
  return bytes
}

import { unescaped } from '../http/target.js'

/** Stands for a secret. It needs no escape in a URL, a header, JSON or a shell's quotes. */
export const HIDDEN = '***'

/** What the names of secrets have in them, letters and digits alone: of headers, of fields, of parameters. */
const SECRET =
  /password|passwd|passphrase|(?:token|secret|apikey|jwt|authorization|cookie|credential)s?$/

/** Whether what has this name is nobody else's business. */
export function isSecret(name: string): boolean {
  return SECRET.test(name.toLowerCase().replace(/[^a-z0-9]+/g, ''))
}

/** A token of ours, under whichever name: a JSON Web Token. */
const JWT = /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g

function withoutTokens(text: string): string {
  return text.includes('eyJ') ? text.replace(JWT, HIDDEN) : text
}

/** Headers whose values are addresses. */
const ADDRESSES: ReadonlySet<string> = new Set([
  'referer',
  'location',
  'content-location',
  'link',
  'x-original-url',
])

/** The value of a header, without what is secret. Of credentials their scheme stays. */
export function hideInHeader(name: string, value: string): string {
  if (isSecret(name))
    return value.replace(/^(?:((?:bearer|basic|digest|token) +)?.*)$/is, `$1${HIDDEN}`)
  return ADDRESSES.has(name.toLowerCase()) ? hideInUrl(value) : withoutTokens(value)
}

/** An address, or several: each value of a parameter whose name is a secret's is hidden. */
export function hideInUrl(url: string): string {
  return hideValues(url, /([?&#])([^=&#?>]*)=([^&>]*)/g)
}

/** A form, or a query without its question mark. */
export function hideInForm(text: string): string {
  return hideValues(text, /(^|&)([^=&]*)=([^&]*)/g)
}

/** @param parameters finds what is before a name, and the name */
function hideValues(text: string, parameters: RegExp): string {
  const hidden = text.replace(parameters, (whole, before: string, name: string) =>
    isSecret(unescaped(name)) ? `${before}${name}=${HIDDEN}` : whole,
  )
  return withoutTokens(hidden)
}

/** What JSON is made of: texts, signs, and the rest. A text that is cut off is one too. */
const PARTS = /"(?:[^"\\]+|\\.)*\\?"?|[{}[\],:]|[^\s{}[\],:"]+/gs

/**
 * A text of JSON, or with JSON in it such as a stream of events: whole, broken, or cut off. Everything but the values that belong
 * to a secret's name stays as it is.
 */
export function hideInJson(text: string): string {
  const pieces: string[] = []
  let taken = 0
  const outer: boolean[] = []
  /** Whether all within these brackets is secret. */
  let isWithin = false
  /** Whether the next value is. */
  let isNext = false
  let last: RegExpExecArray | undefined
  const hideLast = () => {
    if (isNext && last && !/^(?:true|false|null)$/.test(last[0])) {
      pieces.push(text.slice(taken, last.index), `"${HIDDEN}"`)
      taken = last.index + last[0].length
    }
    last = undefined
  }
  for (const part of text.matchAll(PARTS)) {
    const [sign] = part
    if (sign === ':') {
      isNext = isWithin || (last !== undefined && isSecret(textIn(last[0])))
      last = undefined
    } else if (sign === '{' || sign === '[') {
      outer.push(isWithin)
      isWithin = isNext
    } else if (sign === '}' || sign === ']' || sign === ',') {
      hideLast()
      if (sign !== ',') isWithin = outer.pop() ?? false
      isNext = isWithin
    } else {
      hideLast()
      last = part
    }
  }
  hideLast()
  return withoutTokens(pieces.join('') + text.slice(taken))
}

function textIn(literal: string): string {
  if (!literal.includes('\\')) return literal
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal
  }
}

/**
 * The parts of an upload (RFC 7578), as latin1, so that bytes stay what they are. A file is left alone, unless it says that it is
 * JSON.
 */
export function hideInMultipart(text: string, contentType: string): string {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare
  return boundary === undefined
    ? text
    : text.split(`--${boundary}`).map(hideInPart).join(`--${boundary}`)
}

function hideInPart(part: string): string {
  const end = part.indexOf(END_OF_HEAD)
  if (end < 0) return part
  const head = part.slice(0, end + END_OF_HEAD.length)
  const content = part.slice(head.length)
  const [, name = ''] = /;\s*name="?([^";\r\n]*)/i.exec(head) ?? []
  const isFile =
    /;\s*filename\*?=/i.test(head) && !/^content-type:\s*application\/json/im.test(head)
  if (isFile) return part
  return head + (isSecret(name) ? `${HIDDEN}\r\n` : hideInJson(content))
}

const END_OF_HEAD = '\r\n\r\n'

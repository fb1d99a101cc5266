import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { delayIn } from './rule.js'
import type { Firing } from './rules.js'

declare module 'node:http' {
  interface IncomingMessage {
    /** What the query has asked for, by the names of preferences. */
    preferences?: ReadonlyMap<string, string>
  }
}

/** What a request has asked for, for itself. */
export interface Wish extends Firing {
  /** What of it is granted, as `Preference-Applied` says it. */
  readonly applied: string
}

/** The parameters that stand for a preference. */
const PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['__code', 'code'],
  ['__delay', 'delay'],
])

const STATUS = /^[2-5]\d\d$/

/** A name, and perhaps what it has: a word, or a text in quotes (RFC 7240, section 2). */
const PREFERENCE = /^([\w!#$%&'*+.^`|~-]+)(?:[ \t]*=[ \t]*(?:([\w!#$%&'*+.^`|~-]+)|"(.*)"))?$/s

/**
 * Takes from a target what it asks for with `__code` and `__delay`, and notes it in the request: nothing behind this is to take
 * it for a parameter of its own.
 */
export function withoutPreferences(request: IncomingMessage, url: string): string {
  const start = url.indexOf('?')
  // Of every request, so that it has to be quick.
  if (start < 0 || !url.includes('__', start)) return url
  const preferences = new Map<string, string>()
  const others = url
    .slice(start + 1)
    .split('&')
    .filter((parameter) => {
      const [, written = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(parameter) ?? []
      const name = PARAMETERS.get(written)
      if (name === undefined) return true
      if (!preferences.has(name)) preferences.set(name, value)
      return false
    })
  if (preferences.size === 0) return url
  request.preferences = preferences
  const path = url.slice(0, start)
  return others.length > 0 ? `${path}?${others.join('&')}` : path
}

/** What a request asks for, in its header or its query; undefined where that is nothing that is known here. */
export function wishOf({ raw, headers: { prefer } }: FastifyRequest): Wish | undefined {
  if (prefer === undefined && raw.preferences === undefined) return undefined
  const asked = new Map([
    ...(raw.preferences ?? []),
    ...(prefer === undefined ? [] : preferencesIn(String(prefer))),
  ])
  const code = asked.get('code') ?? ''
  const delay = asked.get('delay') ?? ''
  const abort = asked.get('abort')
  const status = STATUS.test(code) ? Number(code) : undefined
  const milliseconds = delayIn(delay)
  const kind = abort === undefined ? undefined : KINDS.get(abort)
  const applied = [
    ...(status === undefined ? [] : [`code=${code}`]),
    ...(milliseconds === undefined ? [] : [`delay=${delay}`]),
    ...(kind === undefined ? [] : [kind === 'before' ? 'abort' : `abort="${kind}"`]),
  ]
  if (applied.length === 0) return undefined
  return {
    id: 'prefer',
    delay: milliseconds ?? 0,
    consequence: {
      ...(status === undefined ? {} : { status }),
      ...(kind === undefined ? {} : { abort: kind }),
    },
    applied: applied.join(', '),
  }
}

/** Where `abort` can end the connection. */
const KINDS: ReadonlyMap<string, 'before' | 'in the body'> = new Map([
  ['', 'before'],
  ['before', 'before'],
  ['in the body', 'in the body'],
])

/** The preferences in a `Prefer`, by their names in lower case: of several with one name the first counts. */
function preferencesIn(text: string): Map<string, string> {
  const preferences = new Map<string, string>()
  for (const preference of parted(text, ',')) {
    // What stands behind it are parameters, and none of ours has any.
    const [written = ''] = parted(preference, ';')
    const [, name, word, quoted = ''] = PREFERENCE.exec(written.trim()) ?? []
    const known = name?.toLowerCase()
    if (known === undefined || preferences.has(known)) continue
    preferences.set(known, word ?? quoted.replace(/\\(.)/gs, '$1'))
  }
  return preferences
}

/** What stands between the separators of a header that are in no quotes (RFC 9110, section 5.6.4). */
function parted(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isQuoted && character === '\\') at++
    else if (character === '"') isQuoted = !isQuoted
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

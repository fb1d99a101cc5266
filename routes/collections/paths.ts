import type { FastifyInstance } from 'fastify'
import { CONTROL } from '../../plugins/control.js'
import { unescaped } from '../../plugins/http/target.js'
import type { Source } from '../../seed/errors.js'
import type { Finding } from '../../seed/faults.js'
import { escapePointer } from '../../store/check.js'
import type { OwnCollection } from './collection.js'

/** What can't stand in a path, or would mean something else there. */
const UNSERVABLE = /[*?#%:\\(){}\p{Cc}\p{Cs}]|^\/|\/$|\/\/|^\.{1,2}$|^__proto__$|^$/u

/**
 * Refuses names that can't be paths, and paths that are taken.
 * @throws SeedError with the ways out
 */
export async function refuseTaken(
  { paths }: Pick<FastifyInstance, 'paths'>,
  collections: readonly OwnCollection[],
  prefix: string | undefined,
  source: Source,
): Promise<void> {
  const findings: Finding[] = []
  for (const { name } of collections) {
    const message = faultOf(name, prefix, [...paths.keys()])
    if (message) findings.push({ path: `/${escapePointer(name)}`, message, isName: true })
  }
  if (findings.length === 0) return
  const { seedError } = await import('../../seed/faults.js')
  throw await seedError(source, findings)
}

function faultOf(name: string, prefix = '', taken: readonly string[]): string | undefined {
  if (UNSERVABLE.test(name)) return "can't be a path: give it another name"
  const [first = ''] = name.split('/')
  if (prefix === '' && first.startsWith('~'))
    return `${first} is where a workspace is: give it another name`
  if (first === 'db') return `${prefix}/db is everything at once: give it another name`
  const path = encodeURI(`${prefix}/${name}`)
  const isTaken = [...taken, CONTROL].some((each) => each === path || each.startsWith(`${path}/`))
  if (!isTaken) return undefined
  return `${path} is a path of the server's own or of an API: start with --prefix /data, or with other --apis (none for none of them)`
}

/** Escapes that the router keeps in paths, although each stands for its character there (RFC 3986, section 3.3). */
const KEPT = /%(?:24|26|2b|2c|3b|3d|40)/gi

/**
 * Writes paths to the user's own collections in one way: without the slash at the end, which json-server passes over, and
 * without needless escapes.
 * @param own the first names in their paths
 * @param prefix what their paths begin with
 */
export function trimmer(own: Iterable<string>, prefix = ''): (url: string) => string {
  const names = new Set(own)
  return (url) => {
    const end = url.indexOf('?')
    const path = end < 0 ? url : url.slice(0, end)
    const isWritten = !path.endsWith('/') && !path.includes('%')
    if (isWritten || !path.startsWith(`${prefix}/`)) return url
    const [first = ''] = path.slice(prefix.length + 1).split('/')
    if (!names.has(unescaped(first))) return url
    const trimmed = path.replace(/\/$/, '').replace(KEPT, decodeURIComponent)
    return trimmed + url.slice(path.length)
  }
}

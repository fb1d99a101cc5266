/** What a target in absolute form, as clients of a proxy send it, has in front of its path (RFC 9112, section 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/i

/** The path and query of a request's target. What is neither a path nor an address stays as it is. */
export function originForm(target: string): string {
  // Of every request, so that it has to be quick.
  if (target.startsWith('/')) return target
  const path = target.replace(ORIGIN, '')
  return path === target || path.startsWith('/') ? path : `/${path}`
}

/** What a name in a target stands for: clients escape it in more than one way. An escape that is none stands for itself. */
export function unescaped(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

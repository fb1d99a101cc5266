import { RE2JS } from 're2js'
import { SeedError, type Source } from '../../seed/errors.js'
import { parseJson, readText } from '../../seed/read.js'
import { escapePointer } from '../../store/check.js'

/** Gives a request's target another: a path, and a query perhaps. What no rule is about stays as it is. */
export type Rewrite = (target: string) => string

/** One rule: the paths and the parameters that it is about, and where they lead. */
interface Rule {
  readonly path: RE2JS
  /** The names of what the path's groups capture; undefined for a `*` or a group without a name. */
  readonly names: readonly (string | undefined)[]
  /** What the query has to have: a value, or the name that a value gets. */
  readonly query: readonly (readonly [field: string, value: string, isName: boolean])[]
  readonly toPath: string
  readonly toQuery: string
}

/** What a rule can't be, in words for its author. */
class RuleFault extends Error {}

/** A name or a number in a target: `:id`, `$1`. */
const REFERENCE = /:([A-Za-z_]\w*)|\$(\d+)/g

/** What a pattern of a path is made of, as json-server writes them. */
const PART = /:([A-Za-z_]\w*)(?:\(([^()]*)\))?|\(([^()]*)\)|(\*)|\\(.)|([^:()*\\])/gsy

/**
 * Reads a file of rewrites, such as `{"/api/*": "/$1"}`.
 * @throws SeedError with each fault and its place
 */
export async function readRewrites(file: string): Promise<Rewrite> {
  const source = await readText(file)
  return rewriting(await parseJson(source), source)
}

/**
 * Makes a function of rewrites: the first rule that fits is followed, and once. What the query has beside stays.
 * @param rules targets by patterns, as json-server has them; `:name`, `*` and `(expression)` capture, and `?field=:name` a
 * value of the query
 * @throws SeedError
 */
export async function rewriting(rules: unknown, source: Source): Promise<Rewrite> {
  if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) {
    throw new SeedError(source.name, [{ path: '', message: 'must be an object of paths by paths' }])
  }
  const read: Rule[] = []
  const findings: { path: string; message: string }[] = []
  for (const [pattern, target] of Object.entries(rules)) {
    try {
      read.push(ruleOf(pattern, target))
    } catch (error) {
      if (!(error instanceof RuleFault)) throw error
      findings.push({ path: `/${escapePointer(pattern)}`, message: error.message })
    }
  }
  if (findings.length > 0)
    throw await (await import('../../seed/faults.js')).seedError(source, findings)
  return (target) => {
    // Neither `*` nor a whole URL, which proxies are asked for.
    if (!target.startsWith('/')) return target
    const [path, query] = split(target)
    for (const rule of read) {
      const rewritten = follow(rule, path, query)
      if (rewritten !== undefined) return rewritten
    }
    return target
  }
}

function ruleOf(pattern: string, target: unknown): Rule {
  if (!pattern.startsWith('/')) throw new RuleFault('a path begins with a slash')
  if (typeof target !== 'string' || !target.startsWith('/')) {
    throw new RuleFault('leads to no path, which would begin with a slash')
  }
  // json-server wants the question mark escaped; without that it would make a letter optional there.
  const [path, query] = split(pattern.replace('\\?', '?'))
  const { expression, names } = expressionOf(path)
  const fields = pairsOf(query).map(([field, value]) => {
    const isName = /^:[A-Za-z_]\w*$/.test(value)
    return [field, isName ? value.slice(1) : value, isName] as const
  })
  const known = [...names, ...fields.map(([, value, isName]) => (isName ? value : undefined))]
  for (const [reference, name, number] of target.matchAll(REFERENCE)) {
    const isKnown =
      name === undefined ? names.length >= Number(number) && number !== '0' : known.includes(name)
    if (!isKnown) throw new RuleFault(`leads to ${reference}, which is not in the pattern`)
  }
  const [toPath, toQuery] = split(target)
  return { path: compile(expression), names, query: fields, toPath, toQuery }
}

/** The expression that a path's pattern stands for. */
function expressionOf(path: string): { expression: string; names: (string | undefined)[] } {
  const names: (string | undefined)[] = []
  let expression = ''
  let end = 0
  for (const [part, name, own, group, star, escaped, letter] of path.matchAll(PART)) {
    end += part.length
    const literal = escaped ?? letter
    if (literal !== undefined) {
      expression += RE2JS.quote(literal)
      continue
    }
    names.push(name)
    expression += `(${own ?? group ?? (star === undefined ? '[^/]+?' : '.*')})`
  }
  if (end < path.length)
    throw new RuleFault(`can't be read from ${JSON.stringify(path.slice(end))} on`)
  return { expression: `^${expression}/?$`, names }
}

/** In time that grows with the path alone, whatever the pattern. */
function compile(expression: string): RE2JS {
  try {
    return RE2JS.compile(expression)
  } catch {
    throw new RuleFault('has an expression that is none')
  }
}

/** Where a rule leads a request to; undefined when it isn't about it. */
function follow(rule: Rule, path: string, query: string): string | undefined {
  const match = rule.path.matcher(path)
  if (!match.find()) return undefined
  const rest = pairsOf(query)
  const captured = rule.names.map((name, at) => ({
    name,
    text: match.group(at + 1) ?? '',
    isPath: true,
  }))
  for (const [field, value, isName] of rule.query) {
    const at = rest.findIndex(
      ([name, text]) => decoded(name) === field && (isName || decoded(text) === value),
    )
    const [, text = ''] = rest[at] ?? []
    if (at < 0) return undefined
    rest.splice(at, 1)
    if (isName) captured.push({ name: value, text, isPath: false })
  }
  const fill = (target: string, isPath: boolean) =>
    target.replace(REFERENCE, (_reference, name?: string, number?: string) => {
      const found =
        name === undefined
          ? captured[Number(number) - 1]
          : captured.find((each) => each.name === name)
      // In the other part of a target other characters have a meaning.
      return found?.isPath === isPath ? found.text : encodeURIComponent(decoded(found?.text ?? ''))
    })
  const kept = rest.map(([name, text, equals]) => `${name}${equals}${text}`)
  const all = [fill(rule.toQuery, false), ...kept].filter(Boolean).join('&')
  return fill(rule.toPath, true) + (all === '' ? '' : `?${all}`)
}

/** A target's path and its query, which is empty where there is none. */
function split(target: string): [path: string, query: string] {
  const at = target.indexOf('?')
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
}

/** A query's names and values as they are written. */
function pairsOf(query: string): [name: string, value: string, equals: string][] {
  return query
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf('=')
      return at < 0 ? [pair, '', ''] : [pair.slice(0, at), pair.slice(at + 1), '=']
    })
}

/** What is meant by a part of a query or a path. An escape that is none stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

import type { ErrorObject } from 'ajv'
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  type ParseOptions,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import { closestMatch } from 'leven'
import { allFaults, describe, escapePointer } from '../store/check.js'
import { MAX_FAULTS, SeedError, type SeedFault, type Source } from './errors.js'
import { seedWordsFor } from './format.js'
import { SeedFile } from './parts.js'

// Loaded only for a file with a fault, since a good one needs nothing of this.

/** A fault before it has its place in the text. */
export interface Finding {
  /** Where: a JSON pointer (RFC 6901). */
  readonly path: string
  readonly message: string
  /** A name that isn't known, and how to find those that are. */
  readonly unknown?: {
    readonly name: string
    readonly findKnown: () => readonly string[] | Promise<readonly string[]>
  }
  /** Whether the fault is the name of a field, rather than its value. */
  readonly isName?: boolean
}

/**
 * The error for what is wrong with some data: each fault with its place in the text, and what may have been meant.
 * @param wayOut what else could be done
 */
export async function seedError(
  { name, text }: Source,
  findings: readonly Finding[],
  wayOut?: string,
): Promise<SeedError> {
  const placeOf = text === undefined ? () => ({}) : placesIn(text)
  const faults: SeedFault[] = []
  for (const finding of findings.slice(0, MAX_FAULTS)) {
    const { path, message } = finding
    faults.push({ path, message: message + (await suggestionFor(finding)), ...placeOf(finding) })
  }
  return new SeedError(name, faults, findings.length - faults.length, wayOut)
}

async function suggestionFor({ unknown }: Finding): Promise<string> {
  if (!unknown) return ''
  const { name, findKnown } = unknown
  // Two slips, and in a short name one.
  const maxDistance = name.length < 5 ? 1 : 2
  const meant = closestMatch(name, await findKnown(), { maxDistance })
  return meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
}

/** What is wrong with the shape of a data file. */
export interface Shape {
  readonly findings: readonly Finding[]
  /** What is left without the records that have a fault, so that faults of other kinds are found among the rest. */
  readonly rest: unknown
  /** Which of a part's records are left, by their places in it. */
  readonly places: ReadonlyMap<string, readonly number[]>
  /** The others, by the part. */
  readonly lost: ReadonlyMap<string, unknown[]>
}

/** Finds all that is wrong with the shape of a data file. */
export function checkShape(data: unknown): Shape {
  const findings = new Map<string, Finding>()
  const wrong = new Set<string>()
  for (const finding of allFaults(SeedFile, data).map(findingOf)) {
    const { path } = finding
    // One of a place is enough: what is empty doesn't fit a pattern either.
    if (!findings.has(path)) findings.set(path, finding)
    const [, part, record] = path.split('/')
    wrong.add(record === undefined ? `/${part}` : `/${part}/${record}`)
  }
  const places = new Map<string, number[]>()
  const lost = new Map<string, unknown[]>()
  const rest: [string, unknown][] = []
  for (const [part, records] of Object.entries(Object(data))) {
    const isRight = (key: string | number) =>
      !wrong.has(`/${escapePointer(part)}/${escapePointer(key)}`)
    if (wrong.has(`/${escapePointer(part)}`)) {
      lost.set(part, [records].flat())
      continue
    }
    if (Array.isArray(records)) {
      places.set(part, [...records.keys()].filter(isRight))
      rest.push([part, records.filter((_, index) => isRight(index))])
      lost.set(
        part,
        records.filter((_, index) => !isRight(index)),
      )
    } else {
      const left = Object.entries(Object(records)).filter(([key]) => isRight(key))
      if (left.length > 0) rest.push([part, Object.fromEntries(left)])
    }
  }
  return {
    findings: [...findings.values()],
    rest: data === Object(data) ? Object.fromEntries(rest) : data,
    places,
    lost,
  }
}

/** What the validator has found, in words, and with what may have been meant. */
export function findingOf(error: ErrorObject): Finding {
  const fault = describe(error)
  const finding = { path: fault.path, message: seedWordsFor(fault) }
  const { params, parentSchema = {}, data } = error
  if (fault.code === 'unknown') {
    const used = new Set(Object.keys(Object(data)))
    const known = Object.keys(Object(parentSchema.properties))
    const findKnown = () => known.filter((name) => !used.has(name))
    const name = String(params.additionalProperty)
    return { ...finding, isName: true, unknown: { name, findKnown } }
  }
  if (fault.code === 'enum') {
    const allowed: string[] = params.allowedValues.map(String)
    const message = `must be one of ${allowed.join(', ')}`
    if (typeof data !== 'string') return { ...finding, message }
    return { ...finding, message, unknown: { name: data, findKnown: () => allowed } }
  }
  // A pattern tells a person nothing.
  return ['pattern', 'reserved'].includes(fault.code) &&
    typeof parentSchema.description === 'string'
    ? { ...finding, message: `is not allowed: ${lowerFirst(parentSchema.description)}` }
    : finding
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** Finds where in a JSON text something stands that a pointer names, or else what it should be in. */
function placesIn(text: string): (finding: Finding) => Partial<SeedFault> {
  const root = treeOf(text, [], { allowTrailingComma: true })
  if (!root) return () => ({})
  return ({ path, isName = false }) => {
    let node = root
    for (const part of path.split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      const next = childOf(node, key)
      if (!next) break
      node = next
    }
    return positionIn(text, (isName ? node.parent?.offset : undefined) ?? node.offset)
  }
}

function childOf(node: Node, key: string): Node | undefined {
  if (node.type === 'array') return findNodeAtLocation(node, [Number(key)])
  // Of a name that is there twice the last counts, as it does for JSON.parse.
  const property = node.children?.findLast(({ children }) => children?.[0]?.value === key)
  return property?.children?.[1]
}

function treeOf(text: string, errors: ParseError[], options: ParseOptions): Node | undefined {
  try {
    return parseTree(text, errors, options)
  } catch (error) {
    // It follows nested values by calling itself.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** A line and a column, both from 1. */
function positionIn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** What is wrong in a text that isn't JSON, in words. */
const SYNTAX_FAULTS: Readonly<Record<ReturnType<typeof printParseErrorCode>, string>> = {
  InvalidSymbol: 'this is no value: texts and names stand in double quotes',
  InvalidNumberFormat: 'this is not a number as JSON has it',
  PropertyNameExpected:
    'a name in double quotes is missing here, or the comma before this is one too many',
  ValueExpected: 'a value is missing here, or the comma before this is one too many',
  ColonExpected: 'a colon is missing before this',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a } is missing here',
  CloseBracketExpected: 'a ] is missing here',
  EndOfFileExpected: 'the data has ended before this',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'the " that ends this text is missing',
  UnexpectedEndOfNumber: 'this number is not complete',
  InvalidUnicode: 'a \\u in this text is not followed by four hexadecimal digits',
  InvalidEscapeCharacter: 'a backslash in this text stands before a character that has no escape',
  '<unknown ParseErrorCode>': 'this is no JSON',
  InvalidCharacter:
    'this text has a line break, tab or other control character that is not escaped',
}

const NOT_JSON = 'not valid JSON'

/**
 * The error for a text that isn't JSON. JSON.parse says where in one version of Node and not in another, and stops at the
 * first fault, so the faults are looked for again.
 */
export function syntaxError({ name, text }: Required<Source>): SeedError {
  const errors: ParseError[] = []
  if (!treeOf(text, errors, { disallowComments: true }) && errors.length === 0) {
    return new SeedError(name, [{ path: '', message: `${NOT_JSON}: nested too deeply` }])
  }
  // After a missing comma it goes on as if there were one; what it says after another fault may follow from that.
  const other = errors.findIndex(({ error }) => printParseErrorCode(error) !== 'CommaExpected')
  const certain = errors.slice(0, other === -1 ? MAX_FAULTS : Math.min(other + 1, MAX_FAULTS))
  const faults = certain.map(({ error, offset }) => ({
    path: '',
    message: `${NOT_JSON}: ${SYNTAX_FAULTS[printParseErrorCode(error)]}`,
    ...positionIn(text, offset),
  }))
  return new SeedError(name, faults.length > 0 ? faults : [{ path: '', message: NOT_JSON }])
}

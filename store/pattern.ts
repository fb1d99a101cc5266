import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** What has a meaning of its own in a regular expression. */
const METACHARACTER = /[\\^$.|?*+()[\]{}]/

/** A pattern that is longer is taken for none: making it ready could take long. */
const LONGEST_PATTERN = 1000

/**
 * How many instructions a pattern has at most. With more, the states that the engine remembers can be too many to keep, and each
 * look at a text of a thousand characters takes a tenth of a second: `\p{L}{1000}!` does so.
 */
const LONGEST_PROGRAM = 300

/**
 * How many instructions a look at one text may take at most, which is some ten milliseconds where each takes longest: of a text that
 * is too long for that, the beginning is looked at.
 */
const MOST_STEPS = 1_000_000

/** How many patterns are kept ready. Each can take some megabytes. */
const MOST_KEPT = 16

type TextTest = (text: string) => boolean

/** Patterns that are ready, and what is none; the one that was used last is the last. */
const kept = new Map<string, TextTest | undefined>()

/** Whether a text is a regular expression that `matches` takes: in RE2's syntax, and of a size that can be matched quickly. */
export function isPattern(text: string): boolean {
  return isPlain(text) || programFor(text) !== undefined
}

/**
 * Makes what says of a text whether a part of it fits a pattern, letter case aside. It takes a time that grows with the text
 * alone, whatever the pattern; for a long text and a large pattern it looks at the beginning, thousands of characters.
 * @throws RangeError where it is no pattern
 */
export function patternTest(pattern: string): TextTest {
  if (isPlain(pattern)) {
    const needle = pattern.toLowerCase()
    return (text) => text.toLowerCase().includes(needle)
  }
  const test = programFor(pattern)
  if (!test) throw new RangeError('This is no regular expression')
  return test
}

/** Whether a pattern is a text that simply has to be there. What is not ASCII has rules of its own about letter case. */
function isPlain(pattern: string): boolean {
  return /^[ -~]*$/.test(pattern) && !METACHARACTER.test(pattern)
}

function programFor(pattern: string): TextTest | undefined {
  const isKept = kept.has(pattern)
  const test = isKept ? kept.get(pattern) : compile(pattern)
  kept.delete(pattern)
  kept.set(pattern, test)
  const [oldest] = kept.keys()
  if (oldest !== undefined && kept.size > MOST_KEPT) kept.delete(oldest)
  return test
}

function compile(pattern: string): TextTest | undefined {
  if (pattern.length > LONGEST_PATTERN) return undefined
  // Read when it is first needed: it takes a start some milliseconds.
  const { RE2JS, RE2JSException }: typeof import('re2js') = require('re2js')
  try {
    const program = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
    const size = program.programSize()
    const longest = Math.floor(MOST_STEPS / size)
    return size > LONGEST_PROGRAM
      ? undefined
      : (text) => program.test(text.length > longest ? text.slice(0, longest) : text)
  } catch (error) {
    if (error instanceof RE2JSException) return undefined
    throw error
  }
}

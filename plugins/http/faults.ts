import type { Fault } from '../../store/check.js'

type Say = (params: Readonly<Record<string, unknown>>) => string

/** What is said of a fault, by its code. Of the rest the validator says it well enough. */
const WORDS: Readonly<Record<string, Say>> = {
  missing: () => 'is missing',
  empty: () => 'must not be empty',
  unknown: () => 'is not known here',
  reserved: () => 'is not allowed',
  twice: () => 'is given twice',
  once: () => 'must be given once',
  id: () => 'must be a text with something in it, or a number',
  elsewhere: () => 'is not the one in the path',
  infinite: () => 'must be a number that JSON can be written with',
  type: ({ type }) => `must be ${[type].flat().join(',')}`,
  maxLength: ({ limit }) => `must NOT have more than ${limit} characters`,
  maxDepth: ({ limit }) => `must NOT be deeper than ${limit} levels`,
  maxValues: ({ limit }) => `must NOT have more than ${limit} values`,
}

/** What is wrong, in English: the rest of a sentence about the place that has the fault. */
export function wordsFor({ code, params = {}, message = 'is not valid' }: Fault): string {
  return WORDS[code]?.(params) ?? message
}

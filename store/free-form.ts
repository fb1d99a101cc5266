import { escapePointer, type Fault } from './check.js'

/** A JSON object that is written freely. */
export interface FreeForm {
  readonly [field: string]: unknown
}

/** How deep values may stand within each other, the object itself being the first level. */
export const MAX_DEPTH = 100

/** How many values there may be in all, at any depth. */
export const MAX_VALUES = 20_000

/**
 * Looks for what makes a JSON object more than can be kept and typeset.
 * @returns the first such fault
 */
export function faultIn(content: FreeForm): Fault | undefined {
  // Not by calling itself, which is what depth would break.
  const open: { value: unknown; depth: number; path: readonly string[] }[] = [
    { value: content, depth: 1, path: [] },
  ]
  let values = 0
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth, path } = next
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
      return { path: pointer(path), code: 'infinite' }
    }
    if (typeof value !== 'object' || value === null) continue
    if (depth > MAX_DEPTH) {
      return { path: pointer(path), code: 'maxDepth', params: { limit: MAX_DEPTH } }
    }
    values += Object.keys(value).length
    if (values > MAX_VALUES) {
      return { path: '', code: 'maxValues', params: { limit: MAX_VALUES } }
    }
    for (const [key, each] of Object.entries(value)) {
      if (typeof each === 'object' || typeof each === 'number') {
        open.push({ value: each, depth: depth + 1, path: [...path, key] })
      }
    }
  }
  return undefined
}

function pointer(path: readonly string[]): string {
  return path.map((key) => `/${escapePointer(key)}`).join('')
}

import type { Declaration, Declarations } from './declaration.js'
import { keyOfPath } from './paths.js'

/** @throws Error when something that is declared leads to what isn't */
export function requireConsistency(declarations: Declarations): void {
  for (const [name, declaration] of Object.entries(declarations)) {
    requireTargets(name, declaration, declarations)
  }
}

function requireTargets(
  name: string,
  { references, pointers }: Declaration,
  declarations: Declarations,
): void {
  for (const [field, reference] of Object.entries(references)) {
    if (reference && !Object.hasOwn(declarations, reference.to)) {
      throw new Error(`${field} of ${name} refers to no collection: ${reference.to}`)
    }
  }
  for (const { field, path, to } of pointers) {
    const target = Object.hasOwn(declarations, to) ? declarations[to] : undefined
    const { unique = [], texts = [] } = target ?? {}
    const isKey = unique.some(([first, ...others]) => first === field && others.length === 0)
    if (!isKey || !texts.includes(field)) {
      throw new Error(`${keyOfPath(path)} of ${name} names no unique text: ${to}.${field}`)
    }
  }
}

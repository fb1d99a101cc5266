/** How many values of a query are read; json-server's own parser passes over more than these too. */
export const MAX_VALUES = 1_000

/** A list as clients write it: `k[]=a&k[]=b`, and with places, `k[0]=a&k[1]=b`. */
const IN_BRACKETS = /\[\d{0,4}\]$/

/** The parameters of a query by name, each with all its values, in the order in which they came. */
export type Parameters = ReadonlyMap<string, readonly string[]>

/**
 * Reads a query as Fastify gives it. `k[]=` is one more value of `k`.
 * @returns a map, so that no name (`__proto__`) is a special one
 */
export function parametersOf(
  query: Readonly<Record<string, string | readonly string[] | undefined>>,
): Parameters {
  const parameters = new Map<string, string[]>()
  let count = 0
  for (const [name, given = []] of Object.entries(query)) {
    const values = typeof given === 'string' ? [given] : given.slice(0, MAX_VALUES - count)
    if (count >= MAX_VALUES) break
    count += values.length
    const key = name.replace(IN_BRACKETS, '')
    const known = parameters.get(key)
    if (known) known.push(...values)
    else parameters.set(key, [...values])
  }
  return parameters
}

/** All values of a parameter; none where it isn't there. */
export function valuesOf(parameters: Parameters, name: string): readonly string[] {
  return parameters.get(name) ?? []
}

/** The first value of a parameter; undefined where it isn't there, and where that is empty. */
export function firstOf(parameters: Parameters, name: string): string | undefined {
  return parameters.get(name)?.[0] || undefined
}

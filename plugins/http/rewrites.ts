import type { Rewrite } from './rewrite.js'

/**
 * The rewrites of a file; without one every target stays as it is.
 * @throws SeedError
 */
export async function rewritesIn(file?: string): Promise<Rewrite> {
  if (file === undefined) return (target) => target
  // What reads and matches rules is loaded for them alone.
  const { readRewrites } = await import('./rewrite.js')
  return readRewrites(file)
}

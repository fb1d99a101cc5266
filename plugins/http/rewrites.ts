import type { FastifyServerOptions } from 'fastify'

/**
 * What Fastify takes for the rewrites of a file; nothing without one.
 * @throws SeedError
 */
export async function rewritesIn(file?: string): Promise<Pick<FastifyServerOptions, 'rewriteUrl'>> {
  if (file === undefined) return {}
  const { readRewrites } = await import('./rewrite.js')
  const rewrite = await readRewrites(file)
  return { rewriteUrl: ({ url = '' }) => rewrite(url) }
}

import { readFile, rm } from 'node:fs/promises'
import { build } from 'esbuild'

/**
 * Compiles to `dist`: what the package runs. Dependencies stay dependencies, but for TypeBox: it comes in some 270 files,
 * and reading them one by one is the largest part of a start.
 */
const manifest: { dependencies: Record<string, string> } = JSON.parse(
  await readFile('package.json', 'utf8'),
)
const BUNDLED = '@sinclair/typebox'

await rm('dist', { recursive: true, force: true })
await build({
  // The worker is an entry of its own, since a thread begins with a file.
  entryPoints: ['index.ts', 'cli/main.ts', 'client/index.ts', 'documents/worker.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  external: Object.keys(manifest.dependencies).filter((name) => name !== BUNDLED),
})

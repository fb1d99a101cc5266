import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/**
 * Where the compiled tests are: in the project, so that they find its packages, and under a name that npm takes for a package's.
 * They are compiled once for all, since a process that compiles for itself takes as long for that as for many a test.
 */
const FOLDER = 'build'

/** A module goes on by where its source is, whatever it was compiled into. */
const located: Plugin = {
  name: 'located',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const url = JSON.stringify(pathToFileURL(path).href)
      return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' }
    })
  },
}

const names = await readdir('test', { recursive: true })
const tests = names.filter((name) => name.endsWith('.test.ts'))
await rm(FOLDER, { recursive: true, force: true })
await build({
  entryPoints: tests.map((name) => join('test', name)),
  outdir: FOLDER,
  outbase: 'test',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  plugins: [located],
})

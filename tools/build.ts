import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type BuildOptions, build } from 'esbuild'

/**
 * Compiles to `dist`: what the package runs. Reading hundreds of files one by one is the largest part of a start, so what a
 * start reads is bundled. What `dependencies` names stays outside: native code, files that are read from their folder, and
 * what no start needs.
 */
const manifest: { dependencies: Record<string, string> } = JSON.parse(
  await readFile('package.json', 'utf8'),
)

/** Bundled too: these are dependencies for their types, which are in ours. */
const TYPED = ['@fastify/jwt', '@fastify/multipart', '@sinclair/typebox', 'ajv', 'fastify']

const options: BuildOptions = {
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  metafile: true,
  external: Object.keys(manifest.dependencies).filter((name) => !TYPED.includes(name)),
}

await rm('dist', { recursive: true, force: true })
const { metafile } = await build({
  ...options,
  // The worker is an entry of its own, since a thread begins with a file.
  entryPoints: ['index.ts', 'cli/main.ts', 'documents/worker.ts'],
  platform: 'node',
  // What is CommonJS requires Node's own modules, which a module of today can't do without this.
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url)",
  },
})
// Apart, because it runs in browsers too.
await build({ ...options, entryPoints: ['client/index.ts'], platform: 'neutral' })
await writeFile('dist/THIRD-PARTY.txt', await licencesOf(Object.keys(metafile?.inputs ?? {})))

/** The licences of bundled packages, which want to go along with copies. */
async function licencesOf(files: readonly string[]): Promise<string> {
  const folders = new Set(
    files.map((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? ''),
  )
  folders.delete('')
  const texts = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each))
    const text = file ? await readFile(`${folder}/${file}`, 'utf8') : ''
    return `${name} ${version} (${license})\n\n${text.trim()}\n`
  })
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`)
}

import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type BuildOptions, build } from 'esbuild'
import { isAllowed } from './audit/licences.js'
import { writeFonts } from './fonts.js'

/**
 * Compiles to `dist`: what the package runs. Reading hundreds of files one by one is the largest part of a start, so what a
 * start reads is bundled. What `dependencies` and `peerDependencies` name stays outside: native code, files that are read
 * from their folder, and what no start needs.
 */
const manifest: {
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
} = JSON.parse(await readFile('package.json', 'utf8'))

/** Bundled too: these are dependencies for their types, which are in ours. */
const TYPED = [
  '@fastify/jwt',
  '@fastify/multipart',
  '@fastify/type-provider-typebox',
  '@sinclair/typebox',
  'ajv',
  'fastify',
]

const options: BuildOptions = {
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  metafile: true,
  external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
    (name) => !TYPED.includes(name),
  ),
}

await rm('dist', { recursive: true, force: true })
const { metafile } = await build({
  ...options,
  // A process and a thread begin with a file of their own.
  entryPoints: [
    'index.ts',
    'testing/index.ts',
    'cli/main.ts',
    'documents/child.ts',
    'documents/worker.ts',
  ],
  platform: 'node',
  // What is CommonJS requires Node's own modules, which a module of today can't do without this.
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url)",
  },
})
// Apart, because it runs in browsers too.
await build({ ...options, entryPoints: ['client/index.ts'], platform: 'neutral' })
await copyFile('documents/plan.typ', 'dist/documents/plan.typ')
const fonts = await writeFonts('dist/fonts')
const inputs = [...Object.keys(metafile?.inputs ?? {}), ...fonts]
await writeFile('dist/THIRD-PARTY.txt', await licencesOf(inputs))

/**
 * The licences of packages that are bundled or whose files are copied, which want to go along with copies.
 * @throws where one is not allowed
 */
async function licencesOf(files: readonly string[]): Promise<string> {
  const folders = new Set(
    files.map((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? ''),
  )
  folders.delete('')
  const texts = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
    if (!isAllowed(license)) {
      throw new Error(`${name} is bundled, and tools/audit/licences.ts doesn't allow ${license}`)
    }
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each))
    const text = file ? await readFile(`${folder}/${file}`, 'utf8') : ''
    return `${name} ${version} (${license})\n\n${text.trim()}\n`
  })
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`)
}

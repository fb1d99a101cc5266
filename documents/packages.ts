import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EAST_ASIAN } from './fonts.js'

const require = createRequire(import.meta.url)

const ROOT = dirname(require.resolve('slipway/package.json'))

/** What the build makes, whether this is a part of it or is run as TypeScript. */
export const BUILT = join(ROOT, 'dist')

/** What typesets a PDF is not installed. The message has the command that adds it. */
export class PackagesMissing extends Error {
  constructor(packages: readonly string[], options?: ErrorOptions) {
    super(
      `what typesets it is not installed, and this adds it: \`npm install ${packages.join(' ')}\``,
      options,
    )
    this.name = new.target.name
  }
}

/**
 * Loads Typst, and finds the large fonts. Both are optional peers of the package.
 * @throws PackagesMissing
 */
export async function loadPackages() {
  const fonts = await foundFonts()
  return { typst: await import('@myriaddreamin/typst-ts-node-compiler'), fonts }
}

async function foundFonts(): Promise<string[]> {
  try {
    // What is there and can't be loaded is a fault, not missing.
    require.resolve('@myriaddreamin/typst-ts-node-compiler')
    // Its entry stands in a folder beside the fonts.
    return EAST_ASIAN.map((family) => join(dirname(require.resolve(family.package)), '..', 'fonts'))
  } catch (cause) {
    throw new PackagesMissing(await peers(), { cause })
  }
}

async function peers(): Promise<string[]> {
  const manifest = await readFile(join(ROOT, 'package.json'), 'utf8')
  const { peerDependencies }: { peerDependencies: Record<string, string> } = JSON.parse(manifest)
  return Object.entries(peerDependencies).map(([name, range]) => `${name}@${range}`)
}

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import decompress from 'woff2-encoder/decompress'
import { FAMILIES } from '../documents/fonts.js'

/**
 * Puts the documents' fonts into a folder, in the form that Typst reads: it knows nothing of WOFF2.
 * @returns the files that they come from
 */
export async function writeFonts(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const sources = FAMILIES.flatMap((family) => {
    return family.files.map((file) => join('node_modules', family.package, file))
  })
  for (const source of sources) {
    const font = await readFile(source)
    const name = basename(source).replace(/\.woff2$/, '.ttf')
    await writeFile(join(folder, name), source.endsWith('.woff2') ? await decompress(font) : font)
  }
  return sources
}

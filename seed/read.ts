import { readFile } from 'node:fs/promises'
import type { ParseError } from 'jsonc-parser'
import { SeedError } from './errors.js'

/**
 * Reads a JSON file.
 * @throws SeedError when it can't be read, or isn't JSON: with the line and the column
 */
export async function readJson(file: string): Promise<unknown> {
  const text = await readText(file)
  try {
    return JSON.parse(text)
  } catch {
    throw new SeedError(file, await placeOfFault(text), 'not valid JSON')
  }
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new SeedError(
      file,
      '',
      `can't be read (${cause instanceof Error ? reasonOf(cause) : cause})`,
    )
  }
  try {
    // Drops a byte order mark, which some editors write.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SeedError(file, '', 'not UTF-8 text')
  }
}

function reasonOf(error: Error): string {
  if ('code' in error && error.code === 'ENOENT') return 'no such file'
  return 'code' in error ? String(error.code) : error.message
}

/** JSON.parse says where in one version of Node and not in another, so the place is looked for again. */
async function placeOfFault(text: string): Promise<string> {
  // Loaded only here, since no good file needs it.
  const { parseTree, printParseErrorCode } = await import('jsonc-parser')
  const faults: ParseError[] = []
  try {
    parseTree(text, faults, { disallowComments: true, allowTrailingComma: false })
  } catch (error) {
    // It follows nested values by calling itself.
    if (error instanceof RangeError) return 'nested too deeply'
    throw error
  }
  const [first] = faults
  const before = text.slice(0, first?.offset ?? text.length).split('\n')
  const what = first ? ` (${printParseErrorCode(first.error)})` : ''
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}${what}`
}

import { readFile } from 'node:fs/promises'
import type { ParseError } from 'jsonc-parser'
import { SeedError } from './errors.js'

/**
 * Reads a JSON file.
 * @throws SeedError when it can't be read, or isn't JSON: with the line and the column
 */
export async function readJson(file: string): Promise<unknown> {
  return parseJson(file, await readText(file))
}

/**
 * Parses the text of a JSON file.
 * @throws SeedError with the line and the column when it isn't JSON
 */
export async function parseJson(file: string, text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    throw new SeedError(file, await placeOfFault(text), 'not valid JSON')
  }
}

/**
 * Reads a text file, without the byte order mark that some editors write.
 * @throws SeedError when it can't be read, or isn't UTF-8
 */
export async function readText(file: string): Promise<string> {
  return decodeText(file, await readBytes(file))
}

/** @throws SeedError when the file can't be read */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new SeedError(file, '', `can't be read (${reasonOf(cause)})`)
  }
}

/**
 * Text out of a file's bytes, without a byte order mark.
 * @throws SeedError when it isn't UTF-8
 */
export function decodeText(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SeedError(file, '', 'not UTF-8 text')
  }
}

/** Why the file system refuses, in a word or three. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ENOENT') return 'no such file'
  return code ?? (error instanceof Error ? error.message : String(error))
}

/** The code of an error of Node's, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
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

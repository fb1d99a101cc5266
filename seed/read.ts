import { access, readdir, readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { SeedError, type Source } from './errors.js'

const NAME = 'data.json'

/** The data file when none is named: `data.json` in the working folder, or else the one that Slipway ships with. */
export async function findDataFile(): Promise<string> {
  try {
    await access(NAME)
    return NAME
  } catch {
    return shippedFile()
  }
}

function shippedFile(): string {
  return join(dirname(createRequire(import.meta.url).resolve('slipway/package.json')), NAME)
}

/** What data is, and where it comes from. */
export interface FileContent {
  readonly source: Source
  readonly data: unknown
  /** Whether it is what Slipway ships with. */
  readonly isShipped?: boolean
}

/**
 * The data to start with: what a program hands over, or what the named file has, or else the one that is found.
 * @throws SeedError
 */
export async function sourceOf({
  data,
  dataFile,
}: {
  readonly data?: object | undefined
  readonly dataFile?: string | undefined
}): Promise<FileContent> {
  if (data) return { source: { name: 'data' }, data: copyData('data', { ...data }) }
  if (dataFile !== undefined) return readData(dataFile)
  const file = await findDataFile()
  const isShipped = (await realpath(file)) === (await realpath(shippedFile()))
  return { ...(await readData(file)), isShipped }
}

/**
 * Reads a data file in the format that its name says: `.jsonc`, `.json5`, a program (`.js`, `.mjs`, `.cjs`) that makes the data,
 * or else JSON.
 * @throws SeedError when it can't be read, or has a fault
 */
export async function readData(file: string): Promise<FileContent> {
  if (isProgram(file)) {
    const { runProgram } = await import('./program.js')
    return { source: { name: file }, data: await runProgram(file) }
  }
  const source = await readText(file)
  if (!isJson5(file)) return { source, data: await parseJson(source) }
  const { parseJson5 } = await import('./json5.js')
  return { source: { name: file }, data: parseJson5(source) }
}

/** Whether a file is a module that makes the data. */
export function isProgram(file: string): boolean {
  return /\.[cm]?js$/i.test(file)
}

/** Whether the text of a file can be edited in place, and be left as it is otherwise. */
export function isEditable(file: string): boolean {
  return !isProgram(file) && !isJson5(file)
}

function isJson5(file: string): boolean {
  return /\.json5$/i.test(file)
}

/**
 * Parses the text of a JSON file, or of one with comments and trailing commas where its name ends with `.jsonc`.
 * @throws SeedError with the lines and the columns of the faults when it isn't JSON
 */
export async function parseJson({ name, text }: Required<Source>): Promise<unknown> {
  const json = /\.jsonc$/i.test(name) ? (await import('./jsonc.js')).withoutComments(text) : text
  try {
    return JSON.parse(json)
  } catch {
    const { syntaxError } = await import('./faults.js')
    throw syntaxError({ name, text: json })
  }
}

/**
 * Data that a program hands over, as JSON has it: a copy, so that nothing of the program's changes.
 * @throws SeedError when JSON can't be made of it
 */
export function copyData(name: string, data: object): unknown {
  try {
    return JSON.parse(JSON.stringify(data))
  } catch (error) {
    throw new SeedError(name, [
      { path: '', message: `can't be written as JSON (${firstLine(reasonOf(error))})` },
    ])
  }
}

/**
 * Reads a text file, without the byte order mark that some editors write.
 * @throws SeedError when it can't be read, or isn't UTF-8
 */
export async function readText(file: string): Promise<Required<Source>> {
  return { name: file, text: decodeText(file, await readBytes(file)) }
}

/** @throws SeedError when the file can't be read */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const message = `can't be read (${reasonOf(cause)})`
    if (codeOf(cause) !== 'ENOENT') throw new SeedError(file, [{ path: '', message }])
    const { seedError } = await import('./faults.js')
    const unknown = { name: basename(file), findKnown: () => neighboursOf(file) }
    throw await seedError({ name: file }, [{ path: '', message, unknown }])
  }
}

/** The other files in the folder of one, by name; none where there is no such folder either. */
async function neighboursOf(file: string): Promise<readonly string[]> {
  try {
    return await readdir(dirname(file))
  } catch {
    return []
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
    throw new SeedError(file, [{ path: '', message: 'not UTF-8 text' }])
  }
}

/** A text up to its first line break. */
export function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
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

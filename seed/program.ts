import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { SeedError, type SeedFault } from './errors.js'
import { copyData, firstLine, readBytes } from './read.js'

type Place = Pick<SeedFault, 'line' | 'column'>

/**
 * Runs a module that makes the data: its default export is the data, or a function, asynchronous or not, that returns it.
 * @returns a copy, as JSON has it
 * @throws SeedError when the module has a fault, or gives something else
 */
export async function runProgram(file: string): Promise<unknown> {
  // One that isn't there is told in the same words as any other file.
  await readBytes(file)
  const path = resolve(file)
  let data: unknown
  try {
    const { default: exported }: { default?: unknown } = await import(pathToFileURL(path).href)
    data = typeof exported === 'function' ? await exported() : exported
  } catch (error) {
    throw new SeedError(file, [{ path: '', ...(await faultOf(path, error)) }])
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) {
    return copyData(file, data)
  }
  const message =
    data === undefined
      ? 'gives no data: its default export has to be an object, or a function that returns one'
      : `gives ${shown(data)}, and not an object that holds the collections`
  throw new SeedError(file, [{ path: '', message }])
}

async function faultOf(path: string, error: unknown): Promise<Place & { message: string }> {
  if (!(error instanceof Error)) return { message: `throws ${shown(error)}` }
  const said = `${error.name}: ${firstLine(error.message)}`
  if (!(error instanceof SyntaxError)) {
    return { message: `throws ${said}`, ...placeInTrace(path, error.stack) }
  }
  return {
    message: `not valid JavaScript: ${firstLine(error.message)}`,
    ...(await placeOfSyntaxError(path)),
  }
}

/** The innermost call in a file that a trace names. */
function placeInTrace(path: string, trace = ''): Place {
  const files = [path, pathToFileURL(path).href]
  for (const call of trace.split('\n')) {
    const [, file = '', line, column] =
      /(?:\(|at (?:async )?)([^()]+):(\d+):(\d+)\)?$/.exec(call) ?? []
    if (files.includes(file)) return { line: Number(line), column: Number(column) }
  }
  return {}
}

/** Where a file is no JavaScript. Of a module only Node itself tells, and not to programs. */
async function placeOfSyntaxError(path: string): Promise<Place> {
  const check = spawn(process.execPath, ['--check', path], { stdio: ['ignore', 'ignore', 'pipe'] })
  // The file's name and the line, the line itself, and an arrow under the place.
  const [place = '', , arrow = ''] = (await text(check.stderr)).split('\n')
  const [, line] = /:(\d+)$/.exec(place) ?? []
  return line === undefined ? {} : { line: Number(line), column: arrow.indexOf('^') + 1 }
}

/** A value in one short line. */
function shown(value: unknown): string {
  return firstLine(inspect(value, { depth: 0, maxStringLength: 60, maxArrayLength: 3 }))
}

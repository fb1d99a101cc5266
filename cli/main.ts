#!/usr/bin/env node
import nodeModule from 'node:module'
import { CommanderError } from 'commander'
import { ConfigError } from '../config.js'
import { printable } from '../plugins/http/printable.js'
import { SeedError } from '../seed/errors.js'
import { codeOf } from '../seed/read.js'
import { Unavailable } from '../store/errors.js'
import { endWithoutOutput, REFUSED } from './output.js'
import { buildProgram } from './program.js'
import { Refusal, UsageError } from './say.js'

const WRONG_USAGE = 2

// What commands load is then compiled once for all starts, by a Node that can (22.8 and later).
if ('enableCompileCache' in nodeModule && typeof nodeModule.enableCompileCache === 'function') {
  nodeModule.enableCompileCache()
}

process.stdout.on('error', endWithoutOutput)
// There is nobody to tell, and the exit code still says it.
process.stderr.on('error', () => {})

try {
  await buildProgram().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Prints a line for what a user can put right, and throws on what is a fault of the program. */
function report(error: unknown): number {
  // Commander has printed what it has to say. Help that was asked for is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE
  const lines = linesFor(error)
  if (lines === undefined) throw error
  for (const line of lines) process.stderr.write(`slipway: ${printable(line)}\n`)
  return error instanceof UsageError ? WRONG_USAGE : REFUSED
}

/** What a user can put right: a line for each fault of the data, and otherwise one; undefined for a fault of the program. */
function linesFor(error: unknown): readonly string[] | undefined {
  if (error instanceof SeedError) return error.lines
  const known = [ConfigError, Refusal, Unavailable, UsageError]
  if (error instanceof Error && known.some((kind) => error instanceof kind)) return [error.message]
  if (!(error instanceof Error) || !('syscall' in error)) return undefined
  // Node's words, without the name of its function: "address already in use 127.0.0.1:3000".
  const way = codeOf(error) === 'EADDRINUSE' ? '; choose another with --port or PORT' : ''
  return [`it can't listen: ${error.message.replace(/^\w+ E\w+:? /, '')}${way}`]
}

#!/usr/bin/env node
import { Command } from 'commander'
import { API_NAMES, ConfigError, parseConfig, readEnvironment } from '../config.js'
import { SeedError } from '../seed/errors.js'
import { serve } from '../server.js'
import { version } from '../version.js'
import { generateOpenapi } from './openapi.js'

interface Flags {
  readonly port?: string
  readonly host?: string
  readonly apis?: string
}

const apisFlag = ['--apis <names>', `the APIs to mount: ${API_NAMES.join(', ')}`] as const

const program = new Command('slipway')
  .description('A demo and prototyping API server. Every setting is an environment variable too.')
  .version(version)
  .enablePositionalOptions()
  .argument(
    '[data-file]',
    'the data to start with (default: data.json here, or the one that is shipped)',
  )
  .option('-p, --port <port>', 'the port to listen on (default: 3000)')
  .option('-H, --host <host>', 'the address to listen on (default: 127.0.0.1)')
  .option(...apisFlag)
  .action(async (dataFile: string | undefined, flags: Flags) => {
    await serve(parseConfig({ ...readEnvironment(), ...flags, ...(dataFile ? { dataFile } : {}) }))
  })

program
  .command('openapi')
  .description('print the OpenAPI document, without listening')
  .option(...apisFlag)
  .action(async (flags: Flags) => {
    const document = await generateOpenapi({ ...readEnvironment(), ...flags })
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  })

// Whoever reads the output may have read enough, as `head` does.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit()
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  const message = messageFor(error)
  if (message === undefined) throw error
  process.stderr.write(`slipway: ${message}\n`)
  process.exitCode = 1
}

/** One line for what a user can put right; undefined for what is a fault of the program. */
function messageFor(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof SeedError) return error.message
  if (!(error instanceof Error) || !('syscall' in error)) return undefined
  // Node's words, without the name of its function: "address already in use 127.0.0.1:3000".
  return `it can't listen: ${error.message.replace(/^\w+ E\w+:? /, '')}`
}

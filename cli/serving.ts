import type { Command } from 'commander'
import { API_NAMES } from '../config.js'

/** A flag as Commander takes it: how it is written, and what it does. */
type Flag = readonly [flags: string, description: string]

/** What every command takes that mounts routes. */
export const apis: Flag = [
  '--apis <names>',
  `the APIs to mount: auto, none, or out of ${API_NAMES.join(', ')}`,
]

/** What every command takes that is about records with ids. */
export const id: Flag = [
  '-i, --id <field>',
  'the field that has the id of your own records (default: id)',
]

/** What every command takes that makes routes out of a data file. */
const DESCRIBING: readonly Flag[] = [
  apis,
  ['--prefix <path>', 'what the paths of your own collections begin with, such as /data'],
  id,
  [
    '--fks, --foreign-key-suffix <suffix>',
    'what a field ends with that names another record (default: Id)',
  ],
  ['--enforce', 'hold what is written into your own collections to their shape'],
]

/** What every command takes that serves, each of them a setting, or what `ServeFlags` has beside. */
const SERVING: readonly Flag[] = [
  ['-p, --port <port>', 'the port to listen on (default: 3000)'],
  ...DESCRIBING,
  ['--nc, --no-cors', 'no CORS headers: pages of other origins may not call'],
  ['--ro, --read-only', 'refuse every request that would change something'],
  ['--delay <time>', 'let each answer wait, in milliseconds or such as 2s (-d is the data file)'],
  ['-s, --static <folder>', 'files to serve beside the APIs (default: public, where it is)'],
  ['-r, --routes <file>', 'a JSON file of paths that lead to others, such as {"/api/*": "/$1"}'],
  ['--save', 'write every change of your own collections back to the data file'],
  ['-S, --snapshots <folder>', 'where s and Enter write the state (default: here)'],
  ['-w, --watch', 'start anew whenever the data file, or that of --routes, changes'],
  ['--database <url>', 'a PostgreSQL database that keeps everything (better in DATABASE_URL)'],
  ['--wait <time>', 'how long to try to reach the database (default: 30s)'],
  ['-q, --quiet', 'log errors alone'],
  ['--strict', 'answer 500, and log why, where an answer breaks the OpenAPI document'],
]

/**
 * Gives a command the flags of those that serve.
 * @param hostLetter what `--host` is for short
 */
export function addServing(command: Command, hostLetter: 'H' | 'h' = 'H'): Command {
  command.option(`-${hostLetter}, --host <host>`, 'the address to listen on (default: 127.0.0.1)')
  for (const flag of SERVING) command.option(...flag)
  return command
}

/** Gives a command the flags that decide what the document says. */
export function addDescribing(command: Command): Command {
  for (const flag of DESCRIBING) command.option(...flag)
  return command
}

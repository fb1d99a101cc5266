import type { API_NAMES } from '../config.js'
import { isObject } from './json-type.js'
import { isKeptName, type KeptName } from './kept.js'
import { PART_NAMES, type PartName } from './parts.js'
import type { FileContent } from './read.js'

type ApiName = (typeof API_NAMES)[number]

/** The part that has the files of the user's own records, whatever else there is. */
const OWN_FILES: KeptName = '$files'

/** Whose the parts of a data file are. */
export interface Division {
  /** The APIs that are mounted. */
  readonly apis: readonly ApiName[]
  /** The parts that those have. */
  readonly theirs: unknown
  /** What a state has beside, by its names. */
  readonly kept: ReadonlyMap<string, unknown>
  /** The parts that are the user's own, by their names: collections and single resources, and `$collections`. */
  readonly own: ReadonlyMap<string, unknown>
}

/**
 * Finds out whose each part of a data file is: an API's that is mounted and has it, or else the user's own. Of what Slipway ships
 * with, the parts of APIs that aren't mounted are nobody's.
 * @param choice the APIs that are to be mounted; `auto` is all where every part is one of theirs, and otherwise none
 * @param partsOf the parts that an API has
 */
export function divide(
  { data, isShipped = false }: FileContent,
  choice: 'auto' | readonly ApiName[],
  all: readonly ApiName[],
  partsOf: (api: ApiName) => readonly (PartName | KeptName)[],
): Division {
  if (!isObject(data))
    return { apis: choice === 'auto' ? all : choice, theirs: data, kept: new Map(), own: new Map() }
  const parts = Object.entries(data).filter(([name]) => name !== '$schema')
  const isTheirs = (name: string) => PART_NAMES.some((part) => part === name) || isKeptName(name)
  const isDemo = parts.every(([name]) => isTheirs(name))
  const apis = choice === 'auto' ? (isDemo ? all : []) : choice
  const known = new Set<string>([...apis.flatMap(partsOf), OWN_FILES])
  const ofApis = parts.filter(([name]) => known.has(name))
  return {
    apis,
    theirs: Object.fromEntries(ofApis.filter(([name]) => !isKeptName(name))),
    kept: new Map(ofApis.filter(([name]) => isKeptName(name))),
    own: new Map(isShipped && apis.length > 0 ? [] : parts.filter(([name]) => !known.has(name))),
  }
}

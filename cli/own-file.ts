import { API_NAMES, type Config, parseConfig, readEnvironment } from '../config.js'
import { partsOf } from '../routes/index.js'
import { type InferredPart, infer } from '../seed/infer.js'
import { divide } from '../seed/own.js'
import type { FileContent } from '../seed/read.js'
import { Refusal } from './say.js'
import { asText, refuseWrong, type ServeFlags } from './settings.js'

/** What decides which parts of a data file are the user's own, and where their records have their ids. */
export type OwnSettings = Pick<Config, 'apis' | 'id'>

/** @throws UsageError, ConfigError */
export function ownSettings({ apis, id }: ServeFlags): OwnSettings {
  const given = asText({ apis, id })
  refuseWrong(given)
  return parseConfig({ ...readEnvironment(), ...given })
}

/**
 * The user's own collections and single resources in a data file.
 * @throws SeedError, or Refusal when there are none
 */
export async function ownPartsOf(
  content: FileContent,
  { apis, id }: OwnSettings,
): Promise<readonly InferredPart[]> {
  const { source } = content
  const { own } = divide(content, apis, API_NAMES, partsOf)
  const parts = await infer(own, source, id)
  if (parts.length > 0) return parts
  throw new Refusal(
    `${source.name} has no collections of your own: parts of the demo's APIs become yours with --apis none`,
  )
}

import type { API_NAMES } from '../config.js'
import type { KeptName } from '../seed/kept.js'
import type { PartName } from '../seed/parts.js'
import type { Api } from './api.js'
import fleet from './fleet/index.js'
import forum from './forum/index.js'
import memes from './memes/index.js'
import plans from './plans/index.js'
import registry from './registry/index.js'

/** Every API that can be mounted, by its name in the setting `apis`. */
export const apis: Readonly<Record<(typeof API_NAMES)[number], Api>> = {
  fleet,
  forum,
  memes,
  registry,
  plans,
}

/** The parts of a data file that an API has. */
export function partsOf(api: (typeof API_NAMES)[number]): readonly (PartName | KeptName)[] {
  return apis[api].parts
}

import { Type } from '@sinclair/typebox'
import { DURATION } from '../../config.js'

/** How long, as the settings have it. */
export function Duration(description: string) {
  return Type.String({
    pattern: `^${DURATION}$`,
    description: `${description}: a whole number with a unit, such as 30s, 15m, 12h or 30d`,
    examples: ['15m'],
  })
}

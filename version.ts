import { createRequire } from 'node:module'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** The version of this package, as its manifest has it. The package names itself, so that compiled code finds it too. */
export const { version } = Value.Parse(
  Type.Object({ version: Type.String() }),
  createRequire(import.meta.url)('slipway/package.json'),
)

import { Type } from '@sinclair/typebox'
import { WORKSPACE_NAME } from '../../plugins/workspaces/name.js'

/** A name that whoever steers the server gives: to a workspace, or to a snapshot. */
export const nameLike = (example: string) =>
  Type.String({
    pattern: WORKSPACE_NAME,
    description: '1 to 64 letters, digits, hyphens, underscores and dots, and no dot first',
    examples: [example],
  })

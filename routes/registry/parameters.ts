import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { failure } from '../../plugins/openapi/responses.js'
import { type Package, PackageName, TagName } from '../../store/collections.js'

/** What names a file: in a path, or in the body of an upload. */
export const Parameters = Type.Object(
  { package_name: PackageName, tag: TagName },
  { additionalProperties: false },
)
export type Parameters = Static<typeof Parameters>

export const PackageParams = Type.Pick(Parameters, ['package_name'])

export const notYours = (action: string) =>
  failure("It is another user's package", errors.notOwner(action, 'package'))

/** @throws 403 unless the package is the user's, or the user an admin */
export function requireOwner({ user }: FastifyRequest, { userId }: Package, action: string): void {
  if (!user.admin && userId !== user.id) throw errors.notOwner(action, 'package')
}

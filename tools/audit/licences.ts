import { readFile } from 'node:fs/promises'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** What may be passed on with Slipway, whose own licence is MIT: by the names of SPDX. The last is that of fonts. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Zlib',
  'OFL-1.1',
])

const Names = Type.Optional(Type.Record(Type.String(), Type.String()))
const Lock = Type.Object({
  packages: Type.Record(
    Type.String(),
    Type.Object({
      version: Type.Optional(Type.String()),
      license: Type.Optional(Type.String()),
      dependencies: Names,
      optionalDependencies: Names,
      peerDependencies: Names,
    }),
  ),
})

/**
 * Whether a licence is one of those that are allowed.
 * @param expression as in a package.json, such as `(MIT OR GPL-3.0-or-later)`; one that is nested is not read, nor allowed
 */
export function isAllowed(expression = ''): boolean {
  return expression
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((name) => ALLOWED.has(name)))
}

/**
 * What is installed with the package, or beside it for what only some need, under a licence that is not allowed.
 * @param lock what package-lock.json has
 * @returns such as `name 1.0.0 (GPL-3.0-only)`
 */
export function notAllowed({ packages }: Static<typeof Lock>): string[] {
  const root = packages[''] ?? {}
  const names = new Set(Object.keys({ ...root.dependencies, ...root.peerDependencies }))
  const found = []
  // It grows while it is gone through. A name is looked at in all its versions, wherever they are.
  for (const name of names) {
    for (const [path, entry] of Object.entries(packages)) {
      if (path !== `node_modules/${name}` && !path.endsWith(`/node_modules/${name}`)) continue
      const { version, license, dependencies, optionalDependencies, peerDependencies } = entry
      if (!isAllowed(license)) found.push(`${name} ${version} (${license})`)
      const needed = { ...dependencies, ...optionalDependencies, ...peerDependencies }
      for (const next of Object.keys(needed)) names.add(next)
    }
  }
  return found
}

/** @throws where it is no lock file */
export async function readLock(path: string): Promise<Static<typeof Lock>> {
  return Value.Parse(Lock, JSON.parse(await readFile(path, 'utf8')))
}

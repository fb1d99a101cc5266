import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** What ends a script that could not do its work here, as Automake has it. */
const SKIPPED = 77

const Package = Type.Object({ name: Type.String(), version: Type.String() })
const Audit = Type.Object({ invalid: Type.Array(Package), missing: Type.Array(Package) })
const Failure = Type.Object({ error: Type.Object({ summary: Type.String() }) })

/**
 * What an audit comes to.
 * @param json what `npm audit signatures --json` prints
 * @returns its status, and lines for a person
 */
export function judge(json: string): { readonly status: number; readonly text: string } {
  const result = parse(json)
  if (!Value.Check(Audit, result)) {
    const why = Value.Check(Failure, result) ? result.error.summary : 'npm has said nothing'
    return { status: SKIPPED, text: `SKIPPED: no signature was looked at: ${why}` }
  }
  const { invalid, missing } = result
  const lines = [
    ...invalid.map(({ name, version }) => `${name} ${version}: its signature is wrong`),
    ...missing.map(({ name, version }) => `${name} ${version}: it has none, where others have`),
  ]
  const status = lines.length === 0 ? 0 : 1
  // As tap closes: .ci/run reads it.
  return {
    status,
    text: [...lines, `# { total: 1, pass: ${1 - status}, fail: ${status} }`].join('\n'),
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

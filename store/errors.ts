import { getSystemErrorMap } from 'node:util'

/** What a store refuses. Each says which collection and what about it, so that the caller can word its answer. */
export abstract class StoreError extends Error {
  constructor(
    readonly collection: string,
    message: string,
  ) {
    super(message)
    this.name = new.target.name
  }
}

/** Another record has the same value of a unique key. */
export class UniqueViolation extends StoreError {
  constructor(
    collection: string,
    readonly fields: readonly string[],
  ) {
    super(collection, `another of the ${collection} has the same ${fields.join(' and ')}`)
  }
}

/** A field points at a record that isn't there. */
export class ReferenceViolation extends StoreError {
  constructor(
    collection: string,
    readonly field: string,
    readonly target: string,
  ) {
    super(collection, `${field} points at none of the ${target}`)
  }
}

/** The record has moved on from the versions that the caller knows. */
export class VersionMismatch extends StoreError {
  constructor(collection: string) {
    super(collection, `this one of the ${collection} has changed since it was read`)
  }
}

/** The record's fields are not as the caller's condition has them. */
export class ConditionFailed extends StoreError {
  constructor(collection: string) {
    super(collection, `this one of the ${collection} is not as the condition has it`)
  }
}

/** The values don't make a record of the collection. Routes check first, so this is a fault of the caller's code. */
export class InvalidRecord extends StoreError {
  constructor(
    collection: string,
    readonly path: string,
    fault: string,
  ) {
    super(collection, `not a record of ${collection}: ${path} ${fault}`)
  }
}

/** There are as many such records as there may be. */
export class BoundReached extends StoreError {
  constructor(
    collection: string,
    readonly fields: readonly string[],
  ) {
    super(
      collection,
      `there are as many ${collection} of the same ${fields.join(' and ')} as may be`,
    )
  }
}

/** There is no room for it in memory. */
export class NoRoom extends StoreError {
  constructor(
    collection: string,
    /** What there is too much of: records in all, those of one user or their files, or tokens that were revoked. */
    readonly of: 'all' | 'user' | 'files' | 'tokens',
  ) {
    super(collection, `there is no room for more ${collection} (${of})`)
  }
}

/** What keeps the records can't be reached, or can't work now; nothing was written, or it is not known whether it was. */
export class Unavailable extends Error {
  /** @param isFull whether that is because there is no room on its disk */
  constructor(
    cause: unknown,
    readonly isFull = false,
  ) {
    super(`the database can't be asked: ${reasonOf(cause)}`, { cause })
    this.name = new.target.name
  }
}

/** No file is kept that has this content. */
export class MissingContent extends Error {
  constructor(readonly sha256: string) {
    super(`no content ${sha256} is kept`)
    this.name = new.target.name
  }
}

/** What a system says when a disk has no room. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Files can't be stored or read now: the disk is full, its folder can't be written, or there is no descriptor left. */
export class StorageFailure extends Error {
  /** The system's name for it. */
  readonly code: string
  /** In the system's words: `no space left on device`. */
  readonly reason: string

  /** @param folder where that was */
  constructor(
    readonly folder: string,
    cause: unknown,
  ) {
    const reason = reasonOf(cause)
    super(`files can't be kept in ${folder}: ${reason}`, { cause })
    this.name = new.target.name
    this.reason = reason
    this.code = codeOf(cause) ?? 'EIO'
  }

  /** Whether there is no room. */
  get isFull(): boolean {
    return FULL.has(this.code)
  }
}

/** The name that the system has for what went wrong. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

export function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code
}

/** The system's words for what went wrong: `no space left on device`. */
export function reasonOf(error: unknown): string {
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0
  const words = getSystemErrorMap().get(number)?.[1]
  return words ?? (error instanceof Error ? error.message : String(error))
}

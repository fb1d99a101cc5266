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

/** No file is kept that has this content. */
export class MissingContent extends Error {
  constructor(readonly sha256: string) {
    super(`no content ${sha256} is kept`)
    this.name = new.target.name
  }
}

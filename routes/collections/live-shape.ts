import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import type { FindFaults } from '../../seed/given-schema.js'
import { LOGIN_FIELDS, LoginName } from '../../seed/own-accounts.js'
import { withoutPassword } from '../../seed/own-records.js'
import type { Widening } from '../../seed/place.js'
import type { Shape } from '../../seed/shape.js'
import { describe } from '../../store/check.js'
import type { FreeForm } from '../../store/free-form.js'

/** What a write is held to: a new record, all that one has become, or a part of one, whose fields may be absent. */
export type Extent = 'whole' | 'become' | 'part'

/** A body can hold a fault for every two bytes. A person needs a few of them. */
const MAX_DETAILS = 100

export interface LiveShapeOptions {
  readonly shape: Shape
  /** The schema that `$collections` gives, which is then the shape. */
  readonly given?: TSchema | undefined
  /** Whether writes are held to the shape; they always are to a given one. */
  readonly isEnforced: boolean
  /** The fields that become null when what they name is deleted. */
  readonly nullable: readonly string[]
  /** Of a collection, whose records have ids. */
  readonly idField: string | undefined
  /** The field that the server sets to whoever creates a record. */
  readonly owner: string | undefined
  /** Whether records may be accounts, which are written with a password. */
  readonly isAccounts: boolean
  /** Compiles a schema, once a value is to be held to it. */
  readonly compile: (schema: TSchema) => FindFaults
}

/** The shape of a collection's records, as the document shows it: it follows the data, until it is frozen. */
export class LiveShape {
  readonly isFrozen: boolean
  readonly #options: LiveShapeOptions
  readonly #finders = new Map<Extent, FindFaults>()
  #onWidened: ((widenings: readonly Widening[], request: FastifyRequest) => void) | undefined

  constructor(options: LiveShapeOptions) {
    this.#options = options
    this.isFrozen = options.isEnforced || options.given !== undefined
  }

  /** What is known of the records, given schema or not. */
  get seen(): Shape {
    return this.#options.shape
  }

  get isGiven(): boolean {
    return this.#options.given !== undefined
  }

  /** Records as they are read. */
  record(): TSchema {
    const { given, idField, isAccounts } = this.#options
    if (!given) return this.#schema()
    // What a request embeds or expands comes beside the fields that the schema has.
    const { additionalProperties, unevaluatedProperties, ...schema } = isAccounts
      ? withoutPassword(this.#schema())
      : this.#schema()
    return Type.Unsafe({
      ...schema,
      properties: { ...idProperty(idField), ...schema.properties },
      additionalProperties: true,
    })
  }

  /** Records as they are written: the id may be left to the server, and of a part any field. */
  input(extent: Extent): TSchema {
    const { idField, owner, isAccounts } = this.#options
    const { required = [], properties = {}, ...schema }: TSchema = this.#schema()
    const isSet = (name: string) =>
      name === idField ||
      name === owner ||
      (isAccounts && extent === 'become' && name === 'password')
    const needed = required.filter((name: string) => !isSet(name))
    return Type.Unsafe({
      type: 'object',
      ...schema,
      properties: {
        ...idProperty(idField),
        ...properties,
        ...notEmpty(properties, idField),
        ...(isAccounts
          ? {
              ...loginName(properties, needed),
              password: { ...PASSWORD, ...properties.password, writeOnly: true },
            }
          : {}),
      },
      ...(extent !== 'part' && needed.length > 0 ? { required: needed } : {}),
    })
  }

  /** What a record is, by the schema that is given or by what has been seen. */
  #schema(): TSchema {
    const { given, shape, nullable } = this.#options
    const { properties = {}, ...schema }: TSchema = given ?? shape.toSchema()
    const cleared = nullable.filter((name) => Object.hasOwn(properties, name))
    const orNull = cleared.map((name) => [name, { anyOf: [properties[name], { type: 'null' }] }])
    return Type.Unsafe({
      ...schema,
      properties: { ...properties, ...Object.fromEntries(orNull) },
    })
  }

  /**
   * Holds what is written to the shape, where that is frozen.
   * @throws 400 with every fault
   */
  check(name: string, value: FreeForm, extent: Extent, at = ''): void {
    if (!this.isFrozen) return
    let find = this.#finders.get(extent)
    if (!find) {
      find = this.#options.compile(this.input(extent))
      this.#finders.set(extent, find)
    }
    const found = find(value)
    if (found.length === 0) return
    const faults = found.slice(0, MAX_DETAILS).map((each) => {
      const fault = describe(each)
      return { ...fault, path: at + fault.path }
    })
    throw errors.shapeBroken(name, this.isGiven, ...faults)
  }

  /** Learns what a record has that a request has written. */
  learn(record: FreeForm, request: FastifyRequest): void {
    const widenings = this.isGiven ? [] : this.seen.observe(record)
    if (widenings.length > 0) this.#onWidened?.(widenings, request)
  }

  /** @param listener hears of each write that has made the shape wider */
  onWidened(listener: (widenings: readonly Widening[], request: FastifyRequest) => void): void {
    this.#onWidened = listener
  }
}

function idProperty(idField: string | undefined) {
  return idField === undefined ? {} : { [idField]: { type: ['string', 'number'] } }
}

/** The id as it is written, which is no empty text. */
function notEmpty(properties: TSchema['properties'], idField: string | undefined) {
  if (idField === undefined) return {}
  const schema: TSchema = { ...idProperty(idField)[idField], ...Object(properties)[idField] }
  const isText = [schema.type].flat().includes('string')
  return { [idField]: isText ? { ...schema, minLength: 1 } : schema }
}

/** The name that every account has, as it is written: a record with a password has to be able to log in. */
function loginName(properties: TSchema['properties'], needed: readonly string[]) {
  const field = LOGIN_FIELDS.find((name) => needed.includes(name))
  return field ? { [field]: { ...Object(properties)[field], ...LoginName } } : {}
}

const PASSWORD = {
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  description: 'Makes the record an account that can log in. It is never shown',
}

import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { errors } from '../../plugins/http/errors.js'
import { PerWorld, type World } from '../../plugins/workspaces/world.js'
import type { FindFaults } from '../../seed/given-schema.js'
import { LOGIN_FIELDS, LoginName, NewLoginName } from '../../seed/own-accounts.js'
import { withoutPassword } from '../../seed/own-records.js'
import type { Widening } from '../../seed/place.js'
import { describe } from '../../store/check.js'
import type { FreeForm } from '../../store/free-form.js'
import { type Beginning, type Extent, Known } from './known.js'

/** A body can hold a fault for every two bytes. A person needs a few of them. */
const MAX_DETAILS = 100

export interface LiveShapeOptions {
  /** What is known at the start. */
  readonly beginning: Beginning
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

/** The shape of a collection's records, as the document of each world shows it: it follows the data, until it is frozen. */
export class LiveShape {
  readonly isFrozen: boolean
  /** What is known at the start, given schema or not. */
  readonly atStart: Known
  readonly #options: LiveShapeOptions
  readonly #known = new PerWorld<Known>(() => this.atStart, { copy: (known) => known.share() })
  #tell: ((widened: Widened) => Promise<void>) | undefined

  constructor(options: LiveShapeOptions) {
    this.#options = options
    this.isFrozen = options.isEnforced || options.given !== undefined
    this.atStart = Known.of(options.beginning)
  }

  /** What is known in a world. It is another one once that is more. */
  in(world: World): Known {
    return this.#known.of(world)
  }

  /** Begins anew in a world. */
  begin(world: World, beginning: Beginning): void {
    this.#known.set(world, Known.of(beginning))
  }

  get isGiven(): boolean {
    return this.#options.given !== undefined
  }

  /** Records as they are read. */
  record(known: Seen): TSchema {
    const { given, idField, isAccounts } = this.#options
    if (!given) return this.#schema(known)
    // What a request embeds or expands comes beside the fields that the schema has.
    const { additionalProperties, unevaluatedProperties, ...schema } = isAccounts
      ? withoutPassword(this.#schema(known))
      : this.#schema(known)
    return Type.Unsafe({
      ...schema,
      properties: { ...idProperty(idField), ...schema.properties },
      additionalProperties: true,
    })
  }

  /**
   * Records as they are written: the id may be left to the server, and of a part any field.
   * @param name what the name of an account has to be; that of a new one, unless it may be one that is there
   */
  input(known: Seen, extent: Extent, name: object = NewLoginName): TSchema {
    const { idField, owner, isAccounts } = this.#options
    const { required = [], properties = {}, ...schema }: TSchema = this.#schema(known)
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
              ...loginName(properties, needed, name),
              password: { ...PASSWORD, ...properties.password, writeOnly: true },
            }
          : {}),
      },
      ...(extent !== 'part' && needed.length > 0 ? { required: needed } : {}),
    })
  }

  /** What a record is, by the schema that is given or by what has been seen. */
  #schema({ seen }: Seen): TSchema {
    const { given, nullable } = this.#options
    const { properties = {}, ...schema }: TSchema = given ?? seen.toSchema()
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
  check(world: World, name: string, value: FreeForm, extent: Extent, at = ''): void {
    if (!this.isFrozen) return
    const { beginning, finders } = this.isGiven ? this.atStart : this.in(world)
    let find = finders.get(extent)
    if (!find) {
      find = this.#options.compile(this.input({ seen: beginning.shape }, extent, LoginName))
      finders.set(extent, find)
    }
    const found = find(value)
    if (found.length === 0) return
    const faults = found.slice(0, MAX_DETAILS).map((each) => {
      const fault = describe(each)
      return { ...fault, path: at + fault.path }
    })
    throw errors.shapeBroken(name, this.isGiven, ...faults)
  }

  /**
   * Learns what records have that a request has written, in its world.
   * @returns once whoever is to know it does
   */
  async learn(records: readonly FreeForm[], request: FastifyRequest): Promise<void> {
    const widenings = this.observe(request.world, records)
    if (widenings.length > 0) await this.#tell?.({ records, widenings, request })
  }

  /** The same of records from elsewhere. */
  observe(world: World, records: readonly FreeForm[]): readonly Widening[] {
    const before = this.in(world)
    const { known, widenings } = before.learn(records)
    if (known !== before) this.#known.set(world, known)
    return widenings
  }

  /** @param tell is told of each write that has made the shape wider */
  onWidened(tell: (widened: Widened) => Promise<void>): void {
    this.#tell = tell
  }
}

/** What a write has made wider. */
export interface Widened {
  /** What was written, all of it. */
  readonly records: readonly FreeForm[]
  readonly widenings: readonly Widening[]
  readonly request: FastifyRequest
}

/** By what schemas are made. */
type Seen = Pick<Known, 'seen'>

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
function loginName(properties: TSchema['properties'], needed: readonly string[], schema: object) {
  const field = LOGIN_FIELDS.find((name) => needed.includes(name))
  return field ? { [field]: { ...Object(properties)[field], ...schema } } : {}
}

const PASSWORD = {
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  description: 'Makes the record an account that can log in. It is never shown',
}

import { escapePointer } from '../store/check.js'
import type { FreeForm } from '../store/free-form.js'
import { isContainer, TYPES, type TypeName, typeOf } from './json-type.js'
import { formatOf, hasFormat, type TextFormat } from './text-format.js'

/** What a record has made wider. */
export interface Widening {
  /** Where: a JSON pointer (RFC 6901) such as `/author/age`; `*` stands for the items of an array. */
  readonly path: string
  /** `optional` is a field that the record hasn't got, `open` an object whose fields are no more told apart. */
  readonly change: 'new field' | 'optional' | 'type' | 'format' | 'open'
  /** What there can be from now on, where that is new or has changed. */
  readonly types?: readonly TypeName[]
}

/** What is known of the values at one place. */
export interface PlaceInfo {
  readonly types: readonly TypeName[]
  /** The format that all texts among them have. */
  readonly format?: TextFormat
}

/** How many places there can be in all, for one collection: what grows with the data has to end. */
export const MAX_PLACES = 5_000

/** How many fields are told apart in one object. */
const MAX_FIELDS = 1_000

/** From how many fields on an object is taken for a dictionary, if it has but a tenth of them on average. */
const DICTIONARY = 100

/** How many fields are kept of an object that is too large or a dictionary: those that it has had every time. */
const KEPT_FIELDS = 100

/** A longer name is none that anybody looks for in a document. */
const MAX_NAME_LENGTH = 200

/** How deep values are followed, the record itself being the first level. */
const MAX_DEPTH = 20

/** What every object has in JavaScript, so that validators would find it in those of the data. */
const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

/** Says that nothing is known of a place, so that anything could be there. */
const OPEN = 'open'

/** How many places may still be made, for all that share it. */
interface Budget {
  left: number
}

/** The values at one place of all records. */
export class Place {
  /** Never changed, so that copies share it. */
  types: ReadonlySet<TypeName> = new Set()
  /** Whether every object that could have this field had it. */
  isRequired = false
  readonly #parent: Place | undefined
  readonly #name: string
  readonly #budget: Budget
  readonly #depth: number
  /** Of all texts so far. */
  #format: TextFormat | undefined
  #fields: Fields | undefined
  #items: Place | undefined
  /** Whether there have been items that weren't followed. */
  #hasOpenItems = false

  constructor(parent: Place | undefined, name: string, budget: Budget) {
    this.#parent = parent
    this.#name = name
    this.#budget = budget
    this.#depth = parent ? parent.#depth + 1 : 1
    budget.left--
  }

  /** @param widenings where to note what is new; undefined where all is, and has been noted as a whole */
  observe(value: unknown, widenings: Widening[] | undefined): void {
    const type = typeOf(value)
    const isNew = !this.#hasType(type)
    if (isNew) this.#addType(type)
    if (typeof value === 'string') this.#observeText(value, isNew, widenings)
    else if (Array.isArray(value)) this.#observeItems(value, isNew ? undefined : widenings)
    else if (isContainer(value)) this.#observeFields(value, isNew ? undefined : widenings)
    if (isNew) this.note('type', widenings)
  }

  #addType(type: TypeName): void {
    const others = [...this.types].filter((each) => type !== 'number' || each !== 'integer')
    this.types = new Set([...others, type])
  }

  /** Whether a value has nothing new about it: to observe it would widen nothing. */
  fits(value: unknown): boolean {
    const type = typeOf(value)
    if (!this.#hasType(type)) return false
    if (typeof value === 'string') {
      return this.#format === undefined || hasFormat(value, this.#format)
    }
    if (Array.isArray(value)) return this.#fitItems(value)
    return !isContainer(value) || this.#depth >= MAX_DEPTH || this.#fields?.fit(value) === true
  }

  #hasType(type: TypeName): boolean {
    return this.types.has(type) || (type === 'integer' && this.types.has('number'))
  }

  #fitItems(items: readonly unknown[]): boolean {
    if (items.length === 0) return true
    const place = this.#items
    return place ? items.every((item) => place.fits(item)) : this.#hasOpenItems
  }

  #observeText(text: string, isFirst: boolean, widenings: Widening[] | undefined): void {
    if (isFirst) {
      this.#format = formatOf(text)
    } else if (this.#format !== undefined && !hasFormat(text, this.#format)) {
      this.#format = undefined
      this.note('format', widenings)
    }
  }

  #observeItems(items: readonly unknown[], widenings: Widening[] | undefined): void {
    if (items.length === 0) return
    const isNew = !this.#items && !this.#hasOpenItems
    if (isNew) this.#items = this.#newItems()
    if (!this.#items) return
    for (const item of items) this.#items.observe(item, isNew ? undefined : widenings)
    if (isNew) this.#items.note('new field', widenings)
  }

  #newItems(): Place | undefined {
    const place = this.#depth < MAX_DEPTH ? this.newPlace('*') : undefined
    this.#hasOpenItems = !place
    return place
  }

  #observeFields(object: FreeForm, widenings: Widening[] | undefined): void {
    if (this.#depth >= MAX_DEPTH) return
    this.#fields ??= new Fields(this)
    this.#fields.observe(object, widenings)
  }

  /** A new place within this one; undefined when there are too many. */
  newPlace(name: string): Place | undefined {
    return this.#budget.left > 0 ? new Place(this, name, this.#budget) : undefined
  }

  /** The same within another place, or at the top. What either learns from then on the other doesn't know. */
  copyTo(parent: Place | undefined, budget: Budget): Place {
    const copy = new Place(parent, this.#name, budget)
    copy.types = this.types
    copy.isRequired = this.isRequired
    copy.#format = this.#format
    copy.#hasOpenItems = this.#hasOpenItems
    copy.#items = this.#items?.copyTo(copy, budget)
    copy.#fields = this.#fields?.copyTo(copy, budget)
    return copy
  }

  note(change: Widening['change'], widenings: Widening[] | undefined): void {
    if (!widenings) return
    const hasTypes = change === 'type' || change === 'new field'
    widenings.push({
      path: this.#path(),
      change,
      ...(hasTypes ? { types: this.info().types } : {}),
    })
  }

  #path(): string {
    return this.#parent ? `${this.#parent.#path()}/${escapePointer(this.#name)}` : ''
  }

  info(): PlaceInfo {
    const types = TYPES.filter((type) => this.types.has(type))
    return this.#format === undefined ? { types } : { types, format: this.#format }
  }

  /** The place at the end of a path from here; undefined where there is none. */
  find(path: readonly string[]): Place | typeof OPEN | undefined {
    const [name, ...rest] = path
    if (name === undefined) return this
    const field = this.#fields?.find(name)
    if (field) return field === OPEN ? OPEN : field.find(rest)
    if (/^(?:\*|\d{1,10})$/.test(name)) {
      if (this.#items) return this.#items.find(rest)
      if (this.#hasOpenItems) return OPEN
    }
    return this.#depth >= MAX_DEPTH && this.types.has('object') ? OPEN : undefined
  }

  /** Gives back the places from here on to those who share them. */
  release(): void {
    this.#budget.left++
    this.#items?.release()
    this.#fields?.release()
  }

  toSchema(): object {
    const { types, format } = this.info()
    return {
      type: types.length === 1 ? types[0] : types,
      // Numbers have formats too: one of both would be read as either's.
      ...(format && types.every((type) => type === 'string' || type === 'null') ? { format } : {}),
      ...(types.includes('object')
        ? (this.#fields?.toSchema() ?? { additionalProperties: true })
        : {}),
      ...(this.#items ? { items: this.#items.toSchema() } : {}),
    }
  }
}

/** The fields of all objects at one place. */
class Fields {
  readonly #place: Place
  readonly #fields = new Map<string, Place>()
  /** How many of them are required. */
  #required = 0
  /** How many objects there have been, and how many fields they had in all. */
  #objects = 0
  #total = 0
  /** Whether there are fields that aren't told apart. */
  #isOpen = false
  /** Whether none is added any more. */
  #isFull = false

  constructor(place: Place) {
    this.#place = place
  }

  observe(object: FreeForm, widenings: Widening[] | undefined): void {
    const expected = this.#required
    let found = 0
    for (const name in object) {
      const value = object[name]
      if (value === undefined) continue
      this.#total++
      const field = this.#fields.get(name)
      if (field) {
        if (field.isRequired) found++
        field.observe(value, widenings)
      } else {
        this.#add(name, value, widenings)
      }
    }
    if (found < expected) this.#loosen(object, widenings)
    this.#objects++
  }

  /** Whether an object has nothing new about it. */
  fit(object: FreeForm): boolean {
    let found = 0
    for (const name in object) {
      const value = object[name]
      if (value === undefined) continue
      const field = this.#fields.get(name)
      if (field ? !field.fits(value) : !this.#isOpen || !this.#isUntold(name)) return false
      if (field?.isRequired) found++
    }
    return found === this.#required
  }

  /** Whether another field of this name isn't told apart. */
  #isUntold(name: string): boolean {
    return this.#isFull || name.length > MAX_NAME_LENGTH
  }

  #add(name: string, value: unknown, widenings: Widening[] | undefined): void {
    if (this.#isUntold(name)) {
      this.#isOpen = true
      return
    }
    const field = this.#isTooMany() ? undefined : this.#place.newPlace(name)
    if (!field) {
      this.#open(widenings)
      return
    }
    field.observe(value, undefined)
    field.isRequired = this.#objects === 0
    if (field.isRequired) this.#required++
    this.#fields.set(name, field)
    field.note('new field', widenings)
  }

  #isTooMany(): boolean {
    const { size } = this.#fields
    return size >= MAX_FIELDS || (size >= DICTIONARY && size * this.#objects > 10 * this.#total)
  }

  /** Forgets the fields that not every object has, and adds none any more. */
  #open(widenings: Widening[] | undefined): void {
    this.#isOpen = true
    this.#isFull = true
    let kept = 0
    for (const [name, field] of this.#fields) {
      if (field.isRequired && kept++ < KEPT_FIELDS) continue
      this.#fields.delete(name)
      if (field.isRequired) this.#required--
      field.release()
    }
    this.#place.note('open', widenings)
  }

  /** Makes optional what an object hasn't got. */
  #loosen(object: FreeForm, widenings: Widening[] | undefined): void {
    for (const [name, field] of this.#fields) {
      const isThere = Object.hasOwn(object, name) && object[name] !== undefined
      if (isThere || !field.isRequired) continue
      field.isRequired = false
      this.#required--
      field.note('optional', widenings)
    }
  }

  /** The same for the objects at another place. */
  copyTo(place: Place, budget: Budget): Fields {
    const copy = new Fields(place)
    for (const [name, field] of this.#fields) copy.#fields.set(name, field.copyTo(place, budget))
    copy.#required = this.#required
    copy.#objects = this.#objects
    copy.#total = this.#total
    copy.#isOpen = this.#isOpen
    copy.#isFull = this.#isFull
    return copy
  }

  find(name: string): Place | typeof OPEN | undefined {
    return this.#fields.get(name) ?? (this.#isOpen ? OPEN : undefined)
  }

  release(): void {
    for (const field of this.#fields.values()) field.release()
  }

  toSchema(): object {
    const listed = [...this.#fields].filter(([name]) => !INHERITED.has(name))
    const required = listed.flatMap(([name, field]) => (field.isRequired ? [name] : []))
    const properties = Object.fromEntries(listed.map(([name, field]) => [name, field.toSchema()]))
    return {
      ...(listed.length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: true,
    }
  }
}

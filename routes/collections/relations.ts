import pluralize from 'pluralize'

/** How the records of a collection are pointed at. */
export interface Relation {
  /** The collection that is pointed at: `posts`. */
  readonly collection: string
  /** What one of its records is called: `post`. */
  readonly singular: string
  /** The field in which other records have its id: `postId`. */
  readonly key: string
}

/** What `_embed` names: the children of a record, or its parent. */
export interface Embedded {
  readonly kind: 'children' | 'parent'
  /** The field that the answer has it in. */
  readonly as: string
  /** The collection that it comes from. */
  readonly collection: string
  /** The field that points: of the children, or of the record itself. */
  readonly key: string
}

/** How collections point at each other, by their names alone: a record whose `postId` is the id of one in `posts` is its child. */
export class Relations {
  /** By the name of the collection that is pointed at. */
  readonly #byName: ReadonlyMap<string, Relation>
  /** By the field that points. */
  readonly #byKey = new Map<string, Relation>()
  readonly #suffix: string

  private constructor(names: readonly string[], suffix: string) {
    this.#suffix = suffix
    const relation = (collection: string, singular: string): Relation => {
      return { collection, singular, key: `${singular}${suffix}` }
    }
    const relations = names.map((name) => relation(name, pluralize.singular(name)))
    this.#byName = new Map(relations.map((each) => [each.collection, each]))
    // Some plurals have another singular too: cookies are of a cookie, leaves of a leaf and of a leave.
    const others = names
      .filter((name) => name.endsWith('s'))
      .map((name) => relation(name, name.slice(0, -1)))
    // Of `person` and `people`, `personId` leads to the plural.
    for (const each of [...[...relations, ...others].filter(isPlural), ...relations]) {
      if (!this.#byKey.has(each.key)) this.#byKey.set(each.key, each)
    }
  }

  /**
   * @param names all collections'
   * @param suffix what follows the singular in the name of a field that points; json-server's option `foreignKeySuffix`
   */
  static of(names: Iterable<string>, suffix = 'Id'): Relations {
    return new Relations([...names], suffix)
  }

  /** Every field that points, and where to: one of each name. What is to follow a deletion is at these. */
  get pointers(): readonly Relation[] {
    return [...this.#byKey.values()]
  }

  /** How a collection is pointed at; undefined where there is none of this name. */
  get(collection: string): Relation | undefined {
    return this.#byName.get(collection)
  }

  /** Where a field of any record points to, by its name: `postId` to `posts`. */
  parentAt(key: string): Relation | undefined {
    const known = this.#byKey.get(key)
    if (known || !key.endsWith(this.#suffix)) return known
    const singular = key.slice(0, key.length - this.#suffix.length)
    const collection = pluralize.plural(singular)
    return this.#byName.has(collection) ? { collection, singular, key } : undefined
  }

  /** What `_expand` names, about a record of any collection: `author` is the one in `authors` that `authorId` points at. */
  expanded(name: string): Embedded | undefined {
    const parent = this.parentAt(`${name}${this.#suffix}`)
    return parent && { kind: 'parent', as: name, collection: parent.collection, key: parent.key }
  }

  /** What `_embed` names, about a record of a collection: `comments` are its children; a name that is no collection, its parent. */
  embedded(collection: string, name: string): Embedded | undefined {
    const key = this.#byName.get(collection)?.key
    if (key !== undefined && this.#byName.has(name)) {
      return { kind: 'children', as: name, collection: name, key }
    }
    return this.expanded(name)
  }
}

function isPlural({ collection, singular }: Relation): boolean {
  return pluralize.plural(singular) === collection
}

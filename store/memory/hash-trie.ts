/** How many entries a leaf has at most, unless their hashes are the same. */
const LEAF_SIZE = 8

/** How many bits of a hash lead from one level to the next, of how many it has. */
const BITS = 4
const HASH_BITS = 28

/** The bits of one level, and all of them. */
const MASK = (1 << BITS) - 1
const HASH = (1 << HASH_BITS) - 1

/** A part of a trie. Only the one that owns it changes it: others have it too. */
class Leaf<K, V> {
  constructor(
    readonly owner: object,
    readonly entries: Map<K, V>,
  ) {}
}

class Branch<K, V> {
  constructor(
    readonly owner: object,
    readonly children: Node<K, V>[],
  ) {}
}

type Node<K, V> = Leaf<K, V> | Branch<K, V> | undefined

/**
 * A map that is copied at once, however much is in it: it shares all with its copy, and each makes parts of its own where it
 * changes something. No step takes long, as one does that makes a large `Map` larger. Keys are compared as those of a `Map`.
 */
export class HashTrie<K, V> {
  #root: Node<K, V>
  #owner = {}

  get(key: K): V | undefined {
    let node = this.#root
    if (node instanceof Branch) {
      let hash = hashOf(key)
      for (; node instanceof Branch; hash >>>= BITS) node = node.children[hash & MASK]
    }
    return node?.entries.get(key)
  }

  set(key: K, value: V): void {
    this.#root = this.#with(this.#root, key, value, hashOf(key), 0)
  }

  delete(key: K): void {
    if (this.get(key) !== undefined) this.#root = this.#without(this.#root, key, hashOf(key))
  }

  /** Another map that begins with the same entries. */
  copy(): HashTrie<K, V> {
    const copy = new HashTrie<K, V>()
    copy.#root = this.#root
    this.#owner = {}
    return copy
  }

  #with(node: Node<K, V>, key: K, value: V, hash: number, depth: number): Node<K, V> {
    if (node instanceof Branch) {
      const branch = this.#ownBranch(node)
      const at = hash & MASK
      const child = branch.children[at]
      branch.children[at] = this.#with(child, key, value, hash >>> BITS, depth + BITS)
      return branch
    }
    const leaf = this.#ownLeaf(node)
    leaf.entries.set(key, value)
    const isFull = leaf.entries.size > LEAF_SIZE && depth < HASH_BITS
    return isFull ? this.#divided(leaf, depth) : leaf
  }

  #without(node: Node<K, V>, key: K, hash: number): Node<K, V> {
    if (node instanceof Branch) {
      const branch = this.#ownBranch(node)
      const at = hash & MASK
      branch.children[at] = this.#without(branch.children[at], key, hash >>> BITS)
      return branch
    }
    const leaf = this.#ownLeaf(node)
    leaf.entries.delete(key)
    return leaf.entries.size > 0 ? leaf : undefined
  }

  #divided({ entries }: Leaf<K, V>, depth: number): Branch<K, V> {
    const children: Leaf<K, V>[] = []
    for (const [key, value] of entries) {
      const at = (hashOf(key) >>> depth) & MASK
      const child = children[at] ?? this.#ownLeaf(undefined)
      child.entries.set(key, value)
      children[at] = child
    }
    return new Branch(this.#owner, children)
  }

  #ownLeaf(leaf: Leaf<K, V> | undefined): Leaf<K, V> {
    return leaf?.owner === this.#owner ? leaf : new Leaf(this.#owner, new Map(leaf?.entries))
  }

  #ownBranch(branch: Branch<K, V>): Branch<K, V> {
    return branch.owner === this.#owner ? branch : new Branch(this.#owner, [...branch.children])
  }
}

/** Some bits that are the same for the same key. Keys that are neither texts nor numbers are few. */
function hashOf(key: unknown): number {
  // Neighbours are in one leaf, since who adds or changes one is likely to do so with the next.
  if (typeof key === 'number') return ((key >>> 3) | (key << (HASH_BITS - 3))) & HASH
  if (typeof key !== 'string') return 0
  let hash = 0
  for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0
  return (hash ^ (hash >>> 15)) & HASH
}

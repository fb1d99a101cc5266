/** Stands in a layer for what a lower one has and this one has not. */
const GONE = Symbol('gone')

type Layer<K, V> = ReadonlyMap<K, V | typeof GONE>

/**
 * A map that can be copied without copying its entries: what it holds so far becomes a layer that never changes again, and
 * the map and its copy each put what is new in a map of their own above it.
 */
export class LayeredMap<K, V> {
  /** The highest first. Each is more than twice as large as the one above it, so there are few. */
  #layers: readonly Layer<K, V>[]
  #own: Map<K, V | typeof GONE> | undefined

  private constructor(layers: readonly Layer<K, V>[]) {
    this.#layers = layers
  }

  static empty<K, V>(): LayeredMap<K, V> {
    return new LayeredMap<K, V>([])
  }

  get(key: K): V | undefined {
    const own = this.#own?.get(key)
    if (own !== undefined) return own === GONE ? undefined : own
    for (const layer of this.#layers) {
      const value = layer.get(key)
      if (value !== undefined) return value === GONE ? undefined : value
    }
    return undefined
  }

  /** What was put under a key since the last copy; undefined where it was put there before, or is not there. */
  getOwn(key: K): V | undefined {
    const own = this.#own?.get(key)
    return own === GONE ? undefined : own
  }

  set(key: K, value: V): void {
    this.#put(key, value)
  }

  delete(key: K): void {
    if (this.#layers.length === 0) this.#own?.delete(key)
    else this.#put(key, GONE)
  }

  /** Another map that begins with the same entries. */
  copy(): LayeredMap<K, V> {
    this.#freeze()
    return new LayeredMap<K, V>(this.#layers)
  }

  #put(key: K, value: V | typeof GONE): void {
    this.#own ??= new Map()
    this.#own.set(key, value)
  }

  #freeze(): void {
    let layer: Layer<K, V> | undefined = this.#own
    if (!layer || layer.size === 0) return
    let [below, ...rest] = this.#layers
    while (below && below.size <= 2 * layer.size) {
      layer = new Map([...below, ...layer])
      ;[below, ...rest] = rest
    }
    this.#layers = below ? [layer, below, ...rest] : [layer]
    this.#own = undefined
  }
}

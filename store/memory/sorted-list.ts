/** How many entries a full chunk has. Few, since each change copies one, and a fork keeps it. */
const CHUNK_SIZE = 32

/** The same where all texts are looked through, chunk by chunk: the fewer there are, the quicker. */
export const SEARCHED_CHUNK_SIZE = 128

/** How many chunks a full block has. A change copies the array of these too. */
const BLOCK_SIZE = 32

/** A part of a list. Once somebody has seen it, it never changes: a change of the list puts another in its place. */
export type Chunk<T> = readonly T[]

/** Some chunks, one after the other. It never changes either, so that a list and its copies share all but what they change. */
class Block<T> {
  readonly chunks: readonly Chunk<T>[]
  /** How many entries are in them. */
  readonly length: number
  #starts: readonly number[] | undefined

  constructor(chunks: readonly Chunk<T>[], length = lengthOf(chunks)) {
    this.chunks = chunks
    this.length = length
  }

  /** Where each chunk begins. */
  get starts(): readonly number[] {
    this.#starts ??= startsOf(this.chunks)
    return this.#starts
  }
}

interface Place<T> {
  /** Where the block is among the blocks. */
  readonly at: number
  readonly block: Block<T>
  /** Where the chunk is in the block. */
  readonly chunkAt: number
  readonly chunk: Chunk<T>
  /** Where the entry is in the chunk, or belongs. */
  readonly position: number
}

/**
 * A list that keeps itself sorted and gives any page of itself without walking to it: chunks in order, in blocks, and the
 * position at which each block begins. Adding and removing cost a binary search and the copies of one chunk and one block; a copy
 * of the whole list that of its array of blocks.
 *
 * `compare` must never give 0 for two different entries.
 */
export class SortedList<T extends object> {
  /** Who may change it. Others who have it take a copy. */
  readonly owner: object | undefined
  readonly #compare: (a: T, b: T) => number
  /** A chunk that is longer is halved. */
  readonly #chunkSize: number
  readonly #blocks: Block<T>[]
  /** Where each block begins, worked out at the first look after a change. */
  #starts: readonly number[] | undefined
  #length: number
  /** The last entries, in no block as long as nobody else has seen them: what comes behind all others need not copy them. */
  #tail: T[] | undefined

  constructor(
    compare: (a: T, b: T) => number,
    chunkSize: number = CHUNK_SIZE,
    blocks: readonly Block<T>[] = [],
    owner?: object,
  ) {
    this.owner = owner
    this.#compare = compare
    this.#chunkSize = chunkSize
    this.#blocks = [...blocks]
    this.#length = lengthOf(blocks)
  }

  /** A list of one entry. */
  static of<T extends object>(
    compare: (a: T, b: T) => number,
    entry: T,
    owner?: object,
  ): SortedList<T> {
    return new SortedList(compare, CHUNK_SIZE, [new Block([[entry]], 1)], owner)
  }

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#blocks[0]?.chunks[0]?.[0] ?? this.#tail?.[0]
  }

  /** The entries in order, as they are now: what comes later doesn't change them. */
  get chunks(): readonly Chunk<T>[] {
    this.#settle()
    const all: Chunk<T>[] = []
    for (const { chunks } of this.#blocks) for (const chunk of chunks) all.push(chunk)
    return all
  }

  copy(owner?: object): SortedList<T> {
    this.#settle()
    return new SortedList(this.#compare, this.#chunkSize, this.#blocks, owner)
  }

  add(entry: T): void {
    const last = this.#tail?.at(-1) ?? lastOf(this.#blocks.at(-1))
    const isLast = !last || this.#compare(last, entry) < 0
    const place = isLast ? undefined : this.#find(entry)
    this.#length += 1
    if (place) this.#put(place, withEntry(place, entry, this.#chunkSize), 1)
    else this.#append(entry)
  }

  remove(entry: T): void {
    const place = this.#locate(entry)
    const { chunk, position } = place
    this.#length -= 1
    this.#put(place, chunk.length === 1 ? [] : [chunk.toSpliced(position, 1)], -1)
  }

  /** Puts an entry in another's place; they may sort differently. */
  replace(old: T, entry: T): void {
    if (this.#compare(old, entry) === 0) {
      const place = this.#locate(old)
      this.#put(place, [place.chunk.with(place.position, entry)], 0)
    } else {
      this.remove(old)
      this.add(entry)
    }
  }

  /**
   * What it has come to differ in from another, of which it is a copy, or the copy of a copy: it looks only at what the two don't
   * share.
   * @returns undefined where that is more than so many entries of either
   */
  differenceTo(
    other: SortedList<T>,
    most: number,
  ): { readonly gone: readonly T[]; readonly come: readonly T[] } | undefined {
    const [before, now] = [new Set(other.chunks), new Set(this.chunks)]
    const theirChunks = [...before].filter((chunk) => !now.has(chunk))
    const ownChunks = [...now].filter((chunk) => !before.has(chunk))
    if (Math.max(lengthOf(theirChunks), lengthOf(ownChunks)) > most) return undefined
    const [theirs, own] = [new Set(theirChunks.flat()), new Set(ownChunks.flat())]
    return {
      gone: [...theirs].filter((entry) => !own.has(entry)),
      come: [...own].filter((entry) => !theirs.has(entry)),
    }
  }

  slice(offset: number, limit: number): T[] {
    const size = Math.min(limit, this.#length - offset)
    if (size <= 0) return []
    this.#settle()
    this.#starts ??= startsOf(this.#blocks)
    let at = partAt(this.#starts, offset)
    let from = offset - (this.#starts[at] ?? 0)
    const page: T[] = []
    for (let block = this.#blocks[at]; block && page.length < size; block = this.#blocks[++at]) {
      const { chunks, starts } = block
      let chunkAt = partAt(starts, from)
      from -= starts[chunkAt] ?? 0
      for (let chunk = chunks[chunkAt]; chunk && page.length < size; chunk = chunks[++chunkAt]) {
        const part = chunk.slice(from, from + size - page.length)
        if (part.length === size) return part
        for (const entry of part) page.push(entry)
        from = 0
      }
    }
    return page
  }

  /** Puts an entry behind all others. */
  #append(entry: T): void {
    if (this.#tail && this.#tail.length >= this.#chunkSize) this.#settle()
    this.#tail ??= this.#takeLast()
    this.#tail.push(entry)
  }

  /** A copy of the last chunk, which is in its block no more; nothing where that is full. */
  #takeLast(): T[] {
    const at = this.#blocks.length - 1
    const block = this.#blocks[at]
    const chunk = block?.chunks.at(-1)
    if (!block || !chunk || chunk.length >= this.#chunkSize) return []
    this.#put(
      { at, block, chunkAt: block.chunks.length - 1, chunk, position: 0 },
      [],
      -chunk.length,
    )
    return [...chunk]
  }

  /** Puts the last entries into a block. */
  #settle(): void {
    const tail = this.#tail
    if (!tail) return
    this.#tail = undefined
    this.#starts = undefined
    const last = this.#blocks.at(-1)
    if (!last || last.chunks.length >= BLOCK_SIZE) {
      this.#blocks.push(new Block([tail]))
    } else {
      const length = last.length + tail.length
      this.#blocks[this.#blocks.length - 1] = new Block([...last.chunks, tail], length)
    }
  }

  /** Puts other chunks in the place of one. */
  #put({ at, block, chunkAt }: Place<T>, others: readonly Chunk<T>[], by: number): void {
    this.#starts = undefined
    const chunks = block.chunks.toSpliced(chunkAt, 1, ...others)
    const length = block.length + by
    if (chunks.length === 0) {
      this.#blocks.splice(at, 1)
    } else if (chunks.length <= BLOCK_SIZE) {
      this.#blocks[at] = new Block(chunks, length)
    } else {
      // As with chunks: what comes before all others begins anew.
      const middle = chunkAt === 0 ? 1 : chunks.length >>> 1
      const halves = [chunks.slice(0, middle), chunks.slice(middle)]
      this.#blocks.splice(at, 1, ...halves.map((half) => new Block(half)))
    }
  }

  /** Where an entry is, or belongs; undefined where that is behind all others. */
  #find(entry: T): Place<T> | undefined {
    this.#settle()
    const compareTo = (other: T | undefined) => (other ? this.#compare(other, entry) : 0)
    const blocks = this.#blocks
    // The first whose last entry isn't below the entry, and there the same again.
    const at = lowerBound(blocks.length, (index) => compareTo(lastOf(blocks[index])))
    const block = blocks[at]
    if (!block) return undefined
    const { chunks } = block
    const chunkAt = lowerBound(chunks.length, (index) => compareTo(chunks[index]?.at(-1)))
    const chunk = chunks[chunkAt] ?? []
    const position = lowerBound(chunk.length, (index) => compareTo(chunk[index]))
    return { at, block, chunkAt, chunk, position }
  }

  #locate(entry: T): Place<T> {
    const place = this.#find(entry)
    const found = place?.chunk[place.position]
    if (!place || !found || this.#compare(found, entry) !== 0) {
      throw new Error('The entry is not in the list')
    }
    return place
  }
}

/** A chunk with an entry more, before its last one; two where it was full. */
function withEntry<T>(
  { chunk, position }: Place<T>,
  entry: T,
  chunkSize: number,
): readonly Chunk<T>[] {
  const isFull = chunk.length >= chunkSize
  // Entries mostly come in order, up or down: begin anew beside a full chunk, so that chunks stay full.
  if (isFull && position === 0) return [[entry], chunk]
  const whole = chunk.toSpliced(position, 0, entry)
  const middle = whole.length >>> 1
  return isFull ? [whole.slice(0, middle), whole.slice(middle)] : [whole]
}

/** Parts that follow one another: chunks of a block, blocks of a list. */
type Parts = readonly { readonly length: number }[]

function lengthOf(parts: Parts): number {
  let sum = 0
  for (const { length } of parts) sum += length
  return sum
}

/** Where each part begins. */
function startsOf(parts: Parts): readonly number[] {
  let start = 0
  return parts.map(({ length }) => {
    const own = start
    start += length
    return own
  })
}

/** Which of some parts an offset is in. */
function partAt(starts: readonly number[], offset: number): number {
  return lowerBound(starts.length, (index) => (starts[index] ?? 0) - offset - 1) - 1
}

function lastOf<T>(block: Block<T> | undefined): T | undefined {
  return block?.chunks.at(-1)?.at(-1)
}

/** The lowest index from 0 to `length` at which `compareAt` isn't negative. */
export function lowerBound(length: number, compareAt: (index: number) => number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareAt(middle) < 0) low = middle + 1
    else high = middle
  }
  return low
}

import type { Row } from '../predicate.js'
import { HashTrie } from './hash-trie.js'
import { SortedList } from './sorted-list.js'

/** Records by a text that each has, those of one text in the order of their ids. */
export class TextLists {
  /** A record that is alone needs no list around it: that is most of them where few texts are alike. */
  readonly #entries: HashTrie<string, Row | SortedList<Row>>
  #owner = {}

  constructor(entries = new HashTrie<string, Row | SortedList<Row>>()) {
    this.#entries = entries
  }

  /** Others that begin as these are. What either changes from now on it takes a copy of. */
  copy(): TextLists {
    this.#owner = {}
    return new TextLists(this.#entries.copy())
  }

  get(text: string): SortedList<Row> | undefined {
    const entry = this.#entries.get(text)
    return entry && !isList(entry) ? SortedList.of(byId, entry) : entry
  }

  /** Goes from one text to another, either of which may be none: a record is added, removed, or changes its place. */
  change(before: string | undefined, old: Row, after: string | undefined, row: Row): void {
    if (before !== undefined && before === after) {
      this.#replace(before, old, row)
      return
    }
    if (before !== undefined) this.remove(before, old)
    if (after !== undefined) this.add(after, row)
  }

  add(text: string, row: Row): void {
    const entry = this.#entries.get(text)
    if (!entry) {
      this.#entries.set(text, row)
    } else if (isList(entry)) {
      this.#listToChange(text, entry).add(row)
    } else {
      const list = SortedList.of(byId, entry, this.#owner)
      list.add(row)
      this.#entries.set(text, list)
    }
  }

  remove(text: string, row: Row): void {
    const entry = this.#entries.get(text)
    const list = entry && isList(entry) ? this.#listToChange(text, entry) : undefined
    list?.remove(row)
    if (!list?.length) this.#entries.delete(text)
  }

  #replace(text: string, old: Row, row: Row): void {
    const entry = this.#entries.get(text)
    if (entry && isList(entry)) this.#listToChange(text, entry).replace(old, row)
    else this.#entries.set(text, row)
  }

  #listToChange(text: string, list: SortedList<Row>): SortedList<Row> {
    if (list.owner === this.#owner) return list
    const copy = list.copy(this.#owner)
    this.#entries.set(text, copy)
    return copy
  }
}

function isList(entry: Row | SortedList<Row>): entry is SortedList<Row> {
  return entry instanceof SortedList
}

function byId(a: Row, b: Row): number {
  return a.id - b.id
}

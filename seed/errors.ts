/** Where data comes from: what it is called, and the text that it stands in, if there is one. */
export interface Source {
  readonly name: string
  readonly text?: string
}

/** How many faults are told at once: more would scroll the first ones away. */
export const MAX_FAULTS = 20

/** What is wrong with a data file, and where: a JSON pointer, empty where it is the file itself. */
export interface SeedFault {
  readonly path: string
  readonly message: string
  /** In the file's text, from 1; absent where the data has none. */
  readonly line?: number
  readonly column?: number
}

/** Faults in a data file, or in data handed over in place of one. The message has a line for each: the file, the place, the fault. */
export class SeedError extends Error {
  override readonly name = 'SeedError'
  /** The lines of the message. */
  readonly lines: readonly string[]

  /**
   * @param source the file's name
   * @param faults as many as are told
   * @param more how many there are beside those
   * @param wayOut what else could be done
   */
  constructor(
    source: string,
    readonly faults: readonly SeedFault[],
    more = 0,
    wayOut?: string,
  ) {
    const told = faults.map((fault) => lineOf(source, fault))
    const others = more > 0 ? [`and ${more} more`] : []
    const rest = wayOut === undefined ? others : [...others, wayOut]
    const lines = [...told, ...rest.map((each) => `${source}: ${each}`)]
    super(lines.join('\n'))
    this.lines = lines
  }
}

function lineOf(source: string, { path, message, line, column }: SeedFault): string {
  const place = line === undefined ? source : `${source}:${line}:${column}`
  // A key in the file can hold a line break.
  const pointer = path.replace(/\p{Cc}/gu, (character) => encodeURI(character))
  return [place, pointer, message].filter(Boolean).join(': ')
}

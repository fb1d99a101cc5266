/** One line of the table. Every figure is a ratio: Slipway beside a peer, or a million records beside a thousand. */
export interface Result {
  readonly what: string
  readonly target: { readonly atLeast: number } | { readonly atMost: number }
  readonly reached: number
  /** What else was seen; absolute figures hold for this machine in this minute only. */
  readonly aside: string
  /** Tells where the time goes. */
  readonly profile?: () => Promise<string>
}

export function isMet({ target, reached }: Result): boolean {
  return 'atLeast' in target ? reached >= target.atLeast : reached <= target.atMost
}

/** The results as a table in text. */
export function table(results: readonly Result[]): string {
  const lines = results.map((result) => {
    const { what, target, reached, aside } = result
    const limit = 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`
    return [what, limit, reached.toFixed(2), isMet(result) ? 'yes' : 'NO', aside]
  })
  const all = [['what', 'target', 'reached', 'met', 'aside'], ...lines]
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((line) => line[column]?.length ?? 0)),
  )
  return all
    .map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n')
}

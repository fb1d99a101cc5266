/** No column is narrower than this many characters, or wider. */
const NARROWEST = 6
const WIDEST = 40

/** The share of a table's width that each column gets, by what it holds. Their sum is 1. */
export function columnShares(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): number[] {
  const lengths = columns.map((name, column) => {
    let total = 0
    let longestWord = longestWordOf(name)
    for (const row of rows) {
      const text = row[column] ?? ''
      total += Math.min(text.length, WIDEST)
      longestWord = Math.max(longestWord, longestWordOf(text))
    }
    const usual = total / Math.max(1, rows.length)
    return Math.min(WIDEST, Math.max(NARROWEST, name.length, usual, longestWord))
  })
  const sum = lengths.reduce((total, length) => total + length, 0)
  return lengths.map((length) => length / sum)
}

function longestWordOf(text: string): number {
  return text.split(/[\s-]+/).reduce((longest, word) => Math.max(longest, word.length), 0)
}

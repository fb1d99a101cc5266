import stringWidth from 'string-width'
import { printable, printableJson } from '../plugins/http/printable.js'

/** The widest that a column gets, in a terminal's cells. */
const MAX_WIDTH = 60

export type Row = Readonly<Record<string, unknown>>

/**
 * Prints records: as a table with a column a field, or as JSON for scripts.
 * @param fields the names of the columns
 */
export function printRows(
  fields: readonly string[],
  rows: readonly Row[],
  { json = false }: { readonly json?: boolean },
): void {
  process.stdout.write(json ? `${printableJson(rows)}\n` : tableOf(fields, rows))
}

function tableOf(fields: readonly string[], rows: readonly Row[]): string {
  const lines = [
    fields.map((field) => field.toUpperCase()),
    ...rows.map((row) => fields.map((field) => cellOf(row[field]))),
  ]
  const widths = fields.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, stringWidth(line[column] ?? '')), 0),
  )
  return lines
    .map((line) => line.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

function cellOf(value: unknown): string {
  if (Array.isArray(value)) return shortened(value.join(', '))
  if (typeof value === 'boolean') return value ? 'yes' : ''
  return shortened(String(value ?? ''))
}

function shortened(text: string): string {
  // Long before the last cell of a text that is far too long.
  const safe = printable(text.slice(0, MAX_WIDTH * 2))
  if (text.length <= MAX_WIDTH * 2 && stringWidth(safe) <= MAX_WIDTH) return safe
  let short = ''
  for (const { segment } of new Intl.Segmenter().segment(safe)) {
    if (stringWidth(short + segment) >= MAX_WIDTH) break
    short += segment
  }
  return `${short}…`
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(width - stringWidth(cell))
}

import JSON5 from 'json5'
import { SeedError, type Source } from './errors.js'

/**
 * Parses the text of a JSON5 file (json5.org).
 * @throws SeedError with the line and the column of the first fault
 */
export function parseJson5({ name, text }: Required<Source>): unknown {
  try {
    return JSON5.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // "JSON5: invalid character '}' at 3:7"
    const [, message = error.message, line, column] =
      /^JSON5: (.*?)(?: at (\d+):(\d+))?$/s.exec(error.message) ?? []
    const place = line === undefined ? {} : { line: Number(line), column: Number(column) }
    throw new SeedError(name, [{ path: '', message: `not valid JSON5: ${message}`, ...place }])
  }
}

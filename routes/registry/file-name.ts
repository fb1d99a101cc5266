/** In characters; what file systems commonly take. */
const MAX_LENGTH = 255

/**
 * A name that a browser can save a file under: without folders, and without characters that aren't seen, such as those
 * that turn the direction of text.
 * @param name as it was uploaded
 */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const visible = last.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '').trim()
  const short = [...visible].slice(0, MAX_LENGTH).join('')
  return /^\.*$/.test(short) ? 'file' : short
}

/** One family of the PDF's fonts, with where the build finds its files. */
export interface Family {
  /** Its name in its own files. */
  readonly name: string
  readonly package: string
  /** Files in the package, in regular and bold where it has both. */
  readonly files: readonly string[]
}

/** The families of the package's own, in the order in which a character is looked for. */
export const FAMILIES: readonly Family[] = [
  // Latin, Greek, Cyrillic and Devanagari.
  whole('Noto Sans', '@embedpdf/fonts-latin', 'NotoSans'),
  sliced('Noto Sans Arabic', 'arabic'),
  whole('Noto Sans Hebrew', '@embedpdf/fonts-hebrew', 'NotoSansHebrew'),
  sliced('Noto Sans Thai', 'thai'),
  sliced('Noto Sans Georgian', 'georgian'),
  sliced('Noto Sans Armenian', 'armenian'),
  sliced('Noto Sans Ethiopic', 'ethiopic'),
  sliced('Noto Sans Bengali', 'bengali'),
  sliced('Noto Sans Tamil', 'tamil'),
  regular('Noto Sans Symbols 2', 'symbols', 'math', 'braille'),
  sliced('Noto Sans Symbols', 'symbols'),
  regular('Noto Sans Math', 'latin'),
  // In one colour.
  regular('Noto Emoji', 'emoji'),
]

const CHINESE = { name: 'Noto Sans S Chinese', package: '@embedpdf/fonts-sc' }
const JAPANESE = { name: 'Noto Sans Japanese', package: '@embedpdf/fonts-jp' }
const KOREAN = { name: 'Noto Sans Korean', package: '@embedpdf/fonts-kr' }

/** The large families, each in a package that is installed beside this one. */
export const EAST_ASIAN = [CHINESE, JAPANESE, KOREAN]

/**
 * The names of all families, in the order in which a character is looked for. Chinese and Japanese share characters whose
 * shapes differ: a text with kana is Japanese, one with hangul is Korean.
 */
export function familiesFor(text: string): string[] {
  return [...FAMILIES, ...eastAsianFor(text)].map(({ name }) => name)
}

function eastAsianFor(text: string) {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return [JAPANESE, CHINESE, KOREAN]
  return /\p{Script=Hangul}/u.test(text) ? [KOREAN, CHINESE, JAPANESE] : EAST_ASIAN
}

/** A family of one file a weight. */
function whole(name: string, packageName: string, file: string): Family {
  const files = ['Regular', 'Bold'].map((weight) => `fonts/${file}-${weight}.ttf`)
  return { name, package: packageName, files }
}

/** A family of which the part for its script is wanted. */
function sliced(name: string, slice: string): Family {
  return fontsource(name, [slice], [400, 700])
}

/** A family that has no bold letters, or needs none. */
function regular(name: string, ...slices: string[]): Family {
  return fontsource(name, slices, [400])
}

function fontsource(name: string, slices: readonly string[], weights: readonly number[]): Family {
  const id = name.toLowerCase().replaceAll(' ', '-')
  const files = slices.flatMap((slice) => {
    return weights.map((weight) => `files/${id}-${slice}-${weight}-normal.woff2`)
  })
  return { name, package: `@fontsource/${id}`, files }
}

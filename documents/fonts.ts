import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { create } from 'fontkit'
import subsetFont from 'subset-font'

export type Weight = 'regular' | 'bold'

const AXIS: { readonly [weight in Weight]: number } = { regular: 400, bold: 700 }

/** One font of a document. */
export interface Face {
  /** Unique in its document. */
  readonly name: string
  readonly data: Buffer
  has(codePoint: number): boolean
}

/** One file of a family, with the characters that it has. */
interface Part {
  readonly path: string
  /** Whether it has all weights in one. */
  readonly isVariable: boolean
  covers(codePoint: number): boolean
}

const require = createRequire(import.meta.url)

/**
 * Where a character is looked for, the first that has it: Latin, Greek, Cyrillic and Devanagari; Arabic and Hebrew; symbols,
 * mathematics and emoji (in one colour); then Chinese, Japanese and Korean. What none has is shown as a replacement
 * character.
 */
const FAMILIES = [
  slicedFamily('@fontsource-variable/noto-sans-arabic', 'noto-sans-arabic', 'wght-normal.woff2'),
  wholeFamily('@embedpdf/fonts-hebrew', 'NotoSansHebrew'),
  slicedFamily('@fontsource/noto-sans-symbols-2', 'noto-sans-symbols-2', '400-normal.woff'),
  mathFamily,
  slicedFamily('@fontsource-variable/noto-emoji', 'noto-emoji', 'wght-normal.woff2'),
]
const CHINESE = slicedFamily(
  '@fontsource-variable/noto-sans-sc',
  'noto-sans-sc',
  'wght-normal.woff2',
)
const JAPANESE = slicedFamily(
  '@fontsource-variable/noto-sans-jp',
  'noto-sans-jp',
  'wght-normal.woff2',
)
const KOREAN = slicedFamily(
  '@fontsource-variable/noto-sans-kr',
  'noto-sans-kr',
  'wght-normal.woff2',
)

/** Joins emoji or letters, or turns a sign into an emoji: a face needs them for the shapes that they call for. */
const JOINERS = '\u200c\u200d\ufe0f'

/** Characters that are not seen themselves. */
export const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/gu

/** Stands for what no font has. */
export const REPLACEMENT = '\ufffd'

/** The fonts of one document: of large ones only the part that its text needs. */
export class Fonts {
  readonly #faces: { readonly [weight in Weight]: readonly Face[] }

  private constructor(faces: { readonly [weight in Weight]: readonly Face[] }) {
    this.#faces = faces
  }

  /** Finds the fonts for all characters of a document. */
  static async load(texts: { readonly [weight in Weight]: Iterable<string> }): Promise<Fonts> {
    const characters = { regular: charactersOf(texts.regular), bold: charactersOf(texts.bold) }
    const regular = await loadFaces('regular', characters.regular)
    return new Fonts({ regular, bold: await loadFaces('bold', characters.bold) })
  }

  all(): readonly Face[] {
    return [...this.#faces.regular, ...this.#faces.bold]
  }

  /** The font that has the most usual characters: its measures are the lines' measures. */
  base(weight: Weight): Face {
    const [base] = this.#faces[weight]
    if (!base) throw new Error('a document has no fonts')
    return base
  }

  /** The first font that has all that is seen of a text, such as a letter with its marks. */
  faceFor(text: string, weight: Weight): Face | undefined {
    const codePoints = codePointsOf(text.replace(INVISIBLE, ''))
    return this.#faces[weight].find((face) => codePoints.every((codePoint) => face.has(codePoint)))
  }
}

async function loadFaces(weight: Weight, characters: ReadonlySet<number>): Promise<Face[]> {
  const [base] = await wholeFamily('@embedpdf/fonts-latin', 'NotoSans')(weight)
  if (!base) throw new Error('the base font is missing')
  const baseFace = faceOf(`${weight}-base`, await readFile(base.path))
  const faces = [baseFace]
  let missing = [...characters].filter((codePoint) => !baseFace.has(codePoint))
  for (const family of familiesFor(missing)) {
    if (missing.length === 0) break
    for (const part of await family(weight)) {
      const wanted = missing.filter((codePoint) => part.covers(codePoint))
      if (wanted.length === 0) continue
      const data = await subsetFont(
        await readFile(part.path),
        String.fromCodePoint(...wanted) + JOINERS,
        // pdfkit can embed neither a variable font nor one that is compressed with Brotli.
        {
          targetFormat: 'truetype',
          variationAxes: part.isVariable ? { wght: AXIS[weight] } : {},
        },
      )
      const face = faceOf(`${weight}-${faces.length}`, data)
      const found = wanted.filter((codePoint) => face.has(codePoint))
      if (found.length === 0) continue
      faces.push(face)
      missing = missing.filter((codePoint) => !face.has(codePoint))
    }
  }
  return faces
}

/** Chinese and Japanese share characters whose shapes differ: a text with kana is Japanese, one with hangul is Korean. */
function familiesFor(missing: readonly number[]) {
  const isKana = missing.some((codePoint) => codePoint >= 0x3041 && codePoint <= 0x30ff)
  const isHangul = missing.some((codePoint) => codePoint >= 0xac00 && codePoint <= 0xd7a3)
  if (isKana) return [...FAMILIES, JAPANESE, CHINESE, KOREAN]
  return isHangul
    ? [...FAMILIES, KOREAN, CHINESE, JAPANESE]
    : [...FAMILIES, CHINESE, JAPANESE, KOREAN]
}

function faceOf(name: string, data: Buffer): Face {
  const characters = charactersIn(data)
  return { name, data, has: (codePoint) => characters.has(codePoint) }
}

function charactersIn(data: Buffer): ReadonlySet<number> {
  try {
    const font = create(data)
    return new Set('characterSet' in font ? font.characterSet : [])
  } catch {
    // Of a font that has nothing of a text the part for that text is no whole font.
    return new Set()
  }
}

/** A family of one file a weight. */
function wholeFamily(packageName: string, fileName: string) {
  return async (weight: Weight): Promise<Part[]> => {
    // The package exports nothing but its entry, which stands in a folder beside the fonts.
    const folder = join(dirname(require.resolve(packageName)), '..', 'fonts')
    const style = weight === 'bold' ? 'Bold' : 'Regular'
    return [
      { path: join(folder, `${fileName}-${style}.ttf`), isVariable: false, covers: () => true },
    ]
  }
}

/** A family in many files, each with some of the characters. */
function slicedFamily(packageName: string, fileName: string, ending: string) {
  return async (): Promise<Part[]> => {
    const folder = dirname(require.resolve(`${packageName}/package.json`))
    const slices: { [slice: string]: string } = JSON.parse(
      await readFile(join(folder, 'unicode.json'), 'utf8'),
    )
    return Object.entries(slices).map(([slice, ranges]) => ({
      path: join(folder, 'files', `${fileName}-${slice.replace(/[[\]]/g, '')}-${ending}`),
      isVariable: ending.startsWith('wght'),
      covers: covering(ranges),
    }))
  }
}

/** Its package tells of few of its characters. */
async function mathFamily(): Promise<Part[]> {
  const folder = dirname(require.resolve('@fontsource/noto-sans-math/package.json'))
  const path = join(folder, 'files', 'noto-sans-math-latin-400-normal.woff')
  return [{ path, isVariable: false, covers: () => true }]
}

/** Reads what CSS calls a unicode-range, such as `U+5f20,U+5f22-5f25`. */
function covering(ranges: string): (codePoint: number) => boolean {
  const bounds = ranges.split(',').map((range) => {
    const [first = '', last = first] = range.trim().slice(2).split('-')
    return { first: Number.parseInt(first, 16), last: Number.parseInt(last, 16) }
  })
  return (codePoint) => bounds.some(({ first, last }) => codePoint >= first && codePoint <= last)
}

function charactersOf(texts: Iterable<string>): Set<number> {
  const characters = new Set<number>()
  for (const text of texts) for (const codePoint of codePointsOf(text)) characters.add(codePoint)
  return characters
}

function codePointsOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
}

const RIGHT_TO_LEFT =
  /[\u200f\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/** A letter, or a sign that stands for one. What is neither has no direction of its own. */
const LETTER = /[\p{L}\u200e\u200f]/u

/** A part of a text that runs in one direction. */
export interface Stretch {
  readonly text: string
  readonly isRightToLeft: boolean
}

/** Whether a text as a whole runs from right to left: its first letter says so. */
export function isRightToLeft(text: string): boolean {
  const [letter = ''] = LETTER.exec(text) ?? []
  return RIGHT_TO_LEFT.test(letter)
}

/**
 * Cuts a text where its direction changes. What has no direction goes with the letters around it, and between two
 * directions with the whole.
 * @param whole whether the line of which it is a part runs from right to left
 */
export function stretchesOf(text: string, whole: boolean): Stretch[] {
  const stretches: { text: string; isRightToLeft: boolean }[] = []
  const add = (part: string, isRightToLeft: boolean) => {
    const last = stretches.at(-1)
    if (last?.isRightToLeft === isRightToLeft) last.text += part
    else if (part !== '') stretches.push({ text: part, isRightToLeft })
  }
  let waiting = ''
  for (const character of text) {
    if (!LETTER.test(character)) {
      waiting += character
      continue
    }
    const direction = RIGHT_TO_LEFT.test(character)
    const before = stretches.at(-1)?.isRightToLeft ?? whole
    add(waiting, before === direction ? direction : whole)
    add(character, direction)
    waiting = ''
  }
  add(waiting, whole)
  return stretches
}

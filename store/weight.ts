/** What V8 takes, in bytes, for an object or a list with nothing in it, and for each value in one: a number with a fraction needs most. */
const OBJECT = 56
const VALUE = 24

/** For the name of a field, since each object can have others: a shape of its own is most of it. */
const NAME = 64

/** For a text beside its characters, and for a character that is no Latin one. */
const TEXT = 24
const CHARACTER = 2

/**
 * About how many bytes of memory a value takes at the most. `npm run bench -- weights` sets it beside what V8 takes.
 * @param most where to stop: what is heavier is as heavy as that
 */
export function weightOf(value: unknown, most = Number.POSITIVE_INFINITY): number {
  // Not by calling itself, which is what depth would break.
  const open = [value]
  let weight = 0
  while (open.length > 0 && weight < most) {
    const next = open.pop()
    if (typeof next === 'string') {
      weight += TEXT + CHARACTER * next.length
    } else if (Array.isArray(next)) {
      weight += OBJECT + VALUE * next.length
      for (const each of next) if (isHeavy(each)) open.push(each)
    } else if (typeof next === 'object' && next !== null) {
      weight += OBJECT
      for (const [name, each] of Object.entries(next)) {
        weight += VALUE + NAME + name.length
        if (isHeavy(each)) open.push(each)
      }
    }
  }
  return weight
}

/** Whether a value takes more than its place. */
function isHeavy(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null)
}

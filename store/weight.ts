/** What V8 takes for an object or a list with nothing in it, for each value in one, and for a text beside its characters. */
const OBJECT = 56
const VALUE = 16
const TEXT = 24

/**
 * About how many bytes of memory a value takes. Texts and what holds values are counted, and what they all take by themselves; the
 * names of fields too, since there may be objects of which each has others.
 * @param most where to stop: what is heavier is as heavy as that
 */
export function weightOf(value: unknown, most = Number.POSITIVE_INFINITY): number {
  // Not by calling itself, which is what depth would break.
  const open = [value]
  let weight = 0
  while (open.length > 0 && weight < most) {
    const next = open.pop()
    if (typeof next === 'string') {
      weight += TEXT + next.length
    } else if (Array.isArray(next)) {
      weight += OBJECT + VALUE * next.length
      for (const each of next) if (isHeavy(each)) open.push(each)
    } else if (typeof next === 'object' && next !== null) {
      weight += OBJECT
      for (const [name, each] of Object.entries(next)) {
        weight += VALUE + name.length
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

/** The lowest index from 0 to `length` at which `compareAt` isn't negative. */
export function lowerBound(length: number, compareAt: (index: number) => number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareAt(middle) < 0) low = middle + 1
    else high = middle
  }
  return low
}

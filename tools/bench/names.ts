const TOPICS = [
  'audio',
  'build',
  'cache',
  'react',
  'graph',
  'image',
  'media',
  'parse',
  'query',
  'state',
]
const KINDS = [
  'adapt',
  'batch',
  'cloud',
  'forms',
  'hooks',
  'index',
  'proxy',
  'store',
  'tools',
  'utils',
]

/** 20 characters, in one piece in memory, as a request brings it. Each hundredth is of the same topic and kind. */
export function nameAt(position: number): string {
  const topic = TOPICS[position % 10]
  const kind = KINDS[Math.floor(position / 10) % 10]
  return JSON.parse(JSON.stringify(`${topic}-${kind}-${serialOf(position)}`))
}

/** Eight digits in the base of 36, such as `k3x09ab1`; each position has its own. */
export function serialOf(position: number): string {
  return ((position * 2_654_435_761) % 36 ** 8).toString(36).padStart(8, '0')
}

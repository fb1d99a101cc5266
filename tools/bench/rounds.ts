export const CONTENDERS = ['slipway', 'fastify', 'node'] as const
export type Contender = (typeof CONTENDERS)[number]
export type Round<T> = Readonly<Record<Contender, T>>

/** Measures the contenders in turn, round after round, so that what disturbs one disturbs all. */
export async function measureInTurn<T>(
  rounds: number,
  measure: (contender: Contender) => Promise<T>,
): Promise<Round<T>[]> {
  const measured: Round<T>[] = []
  for (let round = 0; round < rounds; round++) {
    measured.push({
      slipway: await measure('slipway'),
      fastify: await measure('fastify'),
      node: await measure('node'),
    })
  }
  return measured
}

/** The middle value, so that a round which something disturbed doesn't count. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Between what the middle half of some values lies. */
export function spreadOf(values: readonly number[]): string {
  return `${quantile(values, 0.25).toFixed(2)} to ${quantile(values, 0.75).toFixed(2)}`
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const lower = sorted[Math.floor(place)] ?? Number.NaN
  const upper = sorted[Math.ceil(place)] ?? Number.NaN
  return (lower + upper) / 2
}

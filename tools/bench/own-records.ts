/** A record of about 200 bytes as JSON. */
export function post(id: number) {
  return {
    id,
    title: `Title number ${id}`,
    body: `Some words that make record ${(id * 7919) % 1_000_003} about as long as it should be`,
    author: `Author ${id % 1000}`,
    published: id % 2 === 0,
    views: (id * 7919) % 10_007,
    at: '2026-01-05T08:00:00Z',
  }
}

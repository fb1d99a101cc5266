import t from 'tap'
import { soak } from '../../tools/soak/soak.js'

// What it finds in a minute is for `npm run soak`: this is whether it still does what it says.
t.test('a soak does everything at once, and finds nothing', async (t) => {
  const { statuses, descriptors, heap, delay, faults } = await soak(3)
  t.same(faults, [])
  t.ok(statuses.size > 0)
  t.ok(heap.most >= heap.begin && delay.max > 0)
  if (descriptors) t.ok(descriptors.begin > 0)
})

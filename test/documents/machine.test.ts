import { totalmem } from 'node:os'
import t from 'tap'
import { capacityOf } from '../../documents/machine.js'

const MIB = 1024 * 1024

t.test('documents take half of the memory at most, and one has room wherever a plan has', (t) => {
  for (const [memory, atOnce, memoryLimit] of [
    [65_536, 2, 1024],
    [4096, 2, 1024],
    [2048, 2, 512],
    [1024, 2, 256],
    [1000, 1, 500],
    [512, 1, 256],
    [256, 1, 128],
  ] as const) {
    t.same(capacityOf(memory * MIB), { atOnce, memoryLimit }, `${memory} MiB`)
  }
  t.end()
})

t.test('without a figure it is what this machine has', (t) => {
  const { atOnce, memoryLimit } = capacityOf()
  t.ok(atOnce * memoryLimit * MIB <= totalmem() / 2)
  t.end()
})

import t from 'tap'
import { MEBIBYTE, NO_TRANSFERS, transferInLittleMemory } from '../fixtures/transfers.js'

t.setTimeout(1_800_000)

t.test('1 GiB goes in and out of a database in little memory', { skip: NO_TRANSFERS }, (t) =>
  transferInLittleMemory(t, 1024 * MEBIBYTE, 64 * MEBIBYTE),
)

import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { nextTurn } from '../../store/turns.js'

t.test('of many that wait, one goes on at each turn of the event loop', async (t) => {
  let turn = 0
  let isOver = false
  const count = async () => {
    for (; !isOver; turn++) await setImmediate()
  }
  const counting = count()
  const turnsOfOne = async () => {
    const turns: number[] = []
    for (let step = 0; step < 5; step++) {
      await nextTurn()
      turns.push(turn)
    }
    return turns
  }
  const turns = (await Promise.all(Array.from({ length: 20 }, turnsOfOne))).flat()
  isOver = true
  await counting
  t.equal(new Set(turns).size, turns.length)
})

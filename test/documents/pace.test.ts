import t, { type Test } from 'tap'
import { Pace } from '../../documents/pace.js'

/** A pace by a clock that only the test sets. */
function paceOf(t: Test) {
  let now = 1000
  t.intercept(performance, 'now', { value: () => now })
  const pace = new Pace(500)
  const wait = (time: number) => {
    now += time
  }
  const take = (time: number) => pace.measure(async () => wait(time))
  return { pace, take, wait }
}

t.test('until something has been done, there is a guess', async (t) => {
  const { pace, take } = paceOf(t)
  t.equal(pace.slowest, 500)
  await take(20)
  t.equal(pace.slowest, 20)
})

t.test('it is the slowest of the last ten, also where it failed', async (t) => {
  const { pace, take, wait } = paceOf(t)
  const failing = pace.measure(async () => {
    wait(90)
    throw new Error('It failed')
  })
  await t.rejects(failing, { message: 'It failed' })
  for (let count = 1; count < 10; count++) await take(count)
  t.equal(pace.slowest, 90)
  await take(1)
  t.equal(pace.slowest, 9)
})

t.test('what is under way counts as it goes on', async (t) => {
  const { pace, take, wait } = paceOf(t)
  await take(10)
  const ending = new AbortController()
  const underWay = pace.measure(
    () => new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve())),
  )
  wait(5)
  t.equal(pace.slowest, 10)
  wait(50)
  t.equal(pace.slowest, 55)
  ending.abort()
  await underWay
  wait(100)
  t.equal(pace.slowest, 55)
})

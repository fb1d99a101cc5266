import t from 'tap'
import { freePort } from '../../tools/bench/port.js'
import { chromiumMissing, launchOptions } from '../fixtures/chromium.js'
import { example, filesIn, MANY, partOf } from '../fixtures/test-runners.js'

t.test('Playwright', { skip: chromiumMissing }, async (t) => {
  const port = await freePort()
  const { run, compile } = await example(t, {
    part: 'Playwright',
    files: {
      'many.js': MANY,
      'many.spec.ts': `
        import { expect } from '@playwright/test'
        import { COUNTS, expected, titlesAfter } from './many.js'
        import { test } from './world.js'

        for (const [index, count] of COUNTS.entries()) {
          test(\`\${index}\`, async ({ world }) => {
            expect(await titlesAfter(world, count)).toBe(expected(count))
          })
        }`,
      // The page's own, with the browser that is here.
      'here.config.ts': `
        import { defineConfig } from '@playwright/test'
        import config from './playwright.config.js'

        const launchOptions = ${JSON.stringify(launchOptions)}
        export default defineConfig(config, { workers: 2, use: { launchOptions } })`,
    },
    adapt: (text) =>
      text
        .replaceAll('3100', String(port))
        .replace(/playwright test$/, '$& --config here.config.ts'),
  })
  await compile()
  t.match(await run(), /^ *52 passed /m)
})

/** Calls the tasks as Cypress would. */
const CALLS = `
  import { addPost } from './public/blog.js'
  import config from './cypress.config.js'

  const tasks = {}
  const ends = []
  const on = (event, given) => (event === 'task' ? Object.assign(tasks, given) : ends.push(given))
  await config.e2e.setupNodeEvents(on, {})
  const first = await tasks.newWorld()
  console.log(await addPost(first, 'Moon'), await tasks.problems())
  const second = await tasks.newWorld()
  await tasks.fault({ match: { method: 'POST' }, then: { status: 503 } })
  console.log(await addPost(second, 'Moon'), first !== second)
  for (const end of ends) await end()
`

t.test('Cypress', async (t) => {
  const { run, compile } = await example(t, {
    part: 'Cypress',
    files: {
      'public/index.html': filesIn(partOf('Playwright'))['public/index.html'] ?? '',
      'calls.js': CALLS,
    },
  })
  await compile('--types', 'cypress')
  t.equal(await run('node --import tsx calls.js'), 'Post 2 is there []\nTry again later true\n')

  // npm has no program of its makers' that could be installed; a machine may have it.
  const isThere = await run('npx cypress verify').catch(() => false)
  if (!isThere)
    return t.comment('the specs of Cypress are compiled and not run: its program is not here')
  t.match(await run(), /All specs passed!/)
})

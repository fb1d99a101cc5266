import t, { type Test } from 'tap'
import { freePort } from '../../tools/bench/port.js'
import {
  type Example,
  example,
  filesIn,
  MANY,
  partOf,
  pythonWithPytest,
} from '../fixtures/test-runners.js'

// Each part of the page in its runner, with fifty tests beside the page's two, on the same server.

async function passes(t: Test, { run }: Example, summary: RegExp): Promise<void> {
  t.match(await run(), summary)
}

t.test('node:test', async (t) => {
  const [begin = ''] = (filesIn(partOf('node:test'))['blog.test.js'] ?? '').split('suite(')
  const made = await example(t, {
    part: 'node:test',
    files: {
      'many.js': MANY,
      'many.test.js': `${begin}
        import { COUNTS, expected, titlesAfter } from './many.js'
        suite('many', { concurrency: true }, () => {
          for (const count of COUNTS) {
            test(String(count), async (t) => {
              assert.equal(await titlesAfter(await newWorld(t), count), expected(count))
            })
          }
        })`,
    },
  })
  await passes(t, made, /^# pass 52$/m)
})

t.test('tap', async (t) => {
  const [begin = ''] = (filesIn(partOf('tap'))['blog.test.js'] ?? '').split('t.test(')
  const made = await example(t, {
    part: 'tap',
    files: {
      'many.js': MANY,
      'many.test.js': `${begin}
        import { COUNTS, expected, titlesAfter } from './many.js'
        for (const [index, count] of COUNTS.entries()) {
          t.test(String(index), async (t) => {
            t.equal(await titlesAfter(await newWorld(t), count), expected(count))
          })
        }`,
    },
  })
  await passes(t, made, /^# \{ total: 54, pass: 54 \}$/m)
})

t.test('Vitest', async (t) => {
  const made = await example(t, {
    part: 'Vitest',
    files: {
      'many.js': MANY,
      'many.test.ts': `
        import { expect } from 'vitest'
        import { COUNTS, expected, titlesAfter } from './many.js'
        import { test } from './world.js'
        for (const [index, count] of COUNTS.entries()) {
          test.concurrent(\`\${index}\`, async ({ world }) => {
            expect(await titlesAfter(world, count)).toBe(expected(count))
          })
        }`,
    },
  })
  await passes(t, made, /^ *Tests +52 passed \(52\)$/m)
})

const python = await pythonWithPytest()

t.test('pytest', { skip: !python && 'no Python with venv is found' }, async (t) => {
  const port = await freePort()
  const made = await example(t, {
    part: 'pytest',
    files: {
      'test_many.py': `
import pytest
import requests
from blog import add_post

@pytest.mark.parametrize("number", range(50))
def test_many(world, number):
    titles = [f"{each} of {number}" for each in range(number % 5)]
    for title in titles:
        add_post(world, title)
    posts = requests.get(f"{world}/posts").json()
    assert [post["title"] for post in posts] == ["Tides", *titles]
`,
    },
    adapt: (text) =>
      text.replaceAll('3100', String(port)).replace(/^pytest/, `${python} -m pytest`),
  })
  await passes(t, made, /^=+ 52 passed in /m)
})

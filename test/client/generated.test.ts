import { readFile } from 'node:fs/promises'
import t from 'tap'
import { generated } from '../../tools/generator.js'
import { ROOT } from '../fixtures/process.js'

t.test('what is committed is what the routes give', async (t) => {
  for (const [path, text] of Object.entries(await generated())) {
    const committed = await readFile(`${ROOT}/${path}`, 'utf8')
    t.equal(committed, text, `${path} is up to date; \`npm run openapi\` makes it so`)
  }
})

import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { GENERATORS } from '../../tools/generators/generators.js'
import { tryGenerator } from '../../tools/generators/run.js'
import { ROOT } from '../fixtures/process.js'

const PROJECTS = `${ROOT}/tools/generators/projects`
const page = await readFile(`${ROOT}/docs/generators.md`, 'utf8')

for (const { name, version, generate } of GENERATORS) {
  t.test(`the page has of ${name} what is run`, async (t) => {
    t.match(
      page,
      new RegExp(`^\\| \\[${name}\\]\\(#[a-z-]+\\) \\| ${version} \\|.*\\| yes \\|`, 'm'),
    )
    t.ok(page.includes(generate.replaceAll('../', '')), generate)
    const files = await readdir(`${PROJECTS}/${name}`)
    for (const file of files.filter((file) => /^config\.yml|\.ya?ml$|config\.mjs$/.test(file))) {
      t.ok(page.includes(await readFile(`${PROJECTS}/${name}/${file}`, 'utf8')), file)
    }
  })
}

t.test('a generator is pinned to the version that it is said to have', async (t) => {
  for (const { name, version } of GENERATORS) {
    if (name.startsWith('openapi-generator-')) continue
    const pins = { 'openapi-typescript': `${ROOT}/node_modules/openapi-typescript/package.json` }
    const files = (await readdir(`${PROJECTS}/${name}`))
      .filter((file) => /^(package\.json|go\.mod|requirements\.in)$/.test(file))
      .map((file) => `${PROJECTS}/${name}/${file}`)
    const texts = [
      ...files,
      ...Object.entries(pins).flatMap(([of, file]) => (of === name ? [file] : [])),
    ]
    const manifest = (await Promise.all(texts.map((file) => readFile(file, 'utf8')))).join('\n')
    t.match(manifest, new RegExp(`[" v=]${version.replaceAll('.', '\\.')}(["\\s]|$)`), name)
  }
})

t.test('the page names each fault, and no other', async (t) => {
  const named = [...page.matchAll(/tools\/generators\/faults\/([\w-]+\.yaml)/g)].map(
    ([, file]) => file,
  )
  t.same([...new Set(named)].sort(), (await readdir(`${ROOT}/tools/generators/faults`)).sort())
})

t.test('what is missing is skipped, and what fails fails', async (t) => {
  const language = {
    needs: [],
    install: [],
    compile: [],
    run: 'cat ../../tools/generators/expected.txt #',
  }
  const generator = { name: 'openapi-typescript', version: '1', language, generate: 'true' }
  const service = { url: 'http://127.0.0.1:1', document: '{}' }
  const outcome = async (changes: object) => {
    const { status, reason } = await tryGenerator({ ...generator, ...changes }, service)
    return `${status} ${reason}`
  }
  t.equal(await outcome({}), 'works ')
  t.equal(
    await outcome({ needs: ['no-such-program --version'] }),
    'skipped without no-such-program',
  )
  t.equal(
    await outcome({ install: ['echo ENOTFOUND; false'] }),
    'skipped install: echo ENOTFOUND; false',
  )
  t.equal(
    await outcome({ install: ['echo wrong hash; false'] }),
    'fails install: echo wrong hash; false',
  )
  t.equal(await outcome({ generate: 'false' }), 'fails generate: false')
  t.equal(await outcome({ language: { ...language, compile: ['false'] } }), 'fails compile: false')
  t.equal(
    await outcome({ language: { ...language, run: 'false' } }),
    'fails run: false openapi-typescript http://127.0.0.1:1',
  )
  t.equal(
    await outcome({ language: { ...language, run: 'echo' } }),
    'fails run: it prints something else',
  )
})

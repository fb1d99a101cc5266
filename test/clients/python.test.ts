import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT, startProcess } from '../fixtures/process.js'

const run = promisify(execFile)

/** The one that `npm run contract` has made, or else the machine's. */
const PYTHON = [`${ROOT}/.venv/bin/python`].find((path) => existsSync(path)) ?? 'python3'

const hasRequests = await run(PYTHON, ['-c', 'import requests']).then(
  () => true,
  () => false,
)
const skip = !hasRequests && 'no Python with requests is found; `npm run contract` gets one'

for (const name of ['memes', 'registry']) {
  t.test(`Python's requests makes the ${name} document's calls`, { skip }, async (t) => {
    const { url } = await startProcess(t)
    const script = fileURLToPath(new URL(`${name}.py`, import.meta.url))
    // An assertion that fails ends it with a status other than 0, and its text.
    await t.resolves(run(PYTHON, [script, url]))
  })
}

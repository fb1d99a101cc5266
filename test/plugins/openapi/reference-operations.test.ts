import { readFile } from 'node:fs/promises'
import type { Page, Response } from 'playwright-core'
import t from 'tap'
import { API_NAMES } from '../../../config.js'
import { partsOf } from '../../../routes/index.js'
import { chromiumMissing, startChromium } from '../../fixtures/chromium.js'
import { type Operation, operationsOf } from '../../fixtures/operations.js'
import { ROOT } from '../../fixtures/process.js'
import {
  executeButton,
  logInThere,
  open,
  openReference,
  SUMMARY,
} from '../../fixtures/reference.js'

/** What is refused with the examples and the data that Slipway ships, as the document says, and why. */
const REFUSED: Readonly<Record<string, number>> = {
  // Article 1 is another's, and an admin is no author.
  editArticle: 403,
  deleteArticle: 403,
  // There are no plans and no tasks at first.
  createTask: 404,
  getTask: 404,
  downloadDocx: 404,
  downloadPdf: 404,
  // All faults have been deleted.
  getFault: 404,
  deleteFault: 404,
  // The journal has been emptied, and nobody has asked for what the example looks for.
  getRequest: 404,
  getRequestAsCurl: 404,
  verifyRequests: 409,
}

/** What ends a login, with the username and the password that log in before it: what comes earlier changes those. */
const LAST: readonly (readonly [operationId: string, username: string, password: string])[] = [
  ['logOut', 'user', 'password'],
  ['revokeRefreshToken', 'user', 'password'],
  ['invalidateToken', 'user', 'password'],
  ['endSession', 'user', 'password'],
  ['replaceUser', 'user', 'password'],
  ['changePassword', 'user', 'password'],
  ['deleteUser', 'fancy new name', 'more secret'],
  // With it all of them go.
  ['putState', 'guest', 'guest'],
]

const FILE = { name: 'file.txt', mimeType: 'text/plain', buffer: Buffer.from('content') }

t.test(
  'every operation can be called with what one login gives',
  { skip: chromiumMissing },
  async (t) => {
    const browser = await startChromium(t)
    const data = JSON.parse(await readFile(`${ROOT}/data.json`, 'utf8'))
    // The one that the examples log in with; some operations are for admins alone.
    data.users[0].admin = true

    // Each API by itself: the page takes longer for each operation, the more there are.
    for (const name of API_NAMES) {
      t.test(name, async (t) => {
        const { page, faults, app } = await openReference(t, browser, {
          data: Object.fromEntries(partsOf(name).map((part) => [part, data[part]])),
          apis: name,
          // What steers the server is the same whatever it serves: once is enough.
          ...(name === API_NAMES[0] ? {} : { host: '0.0.0.0' }),
        })
        const operations = operationsOf(await app.openapi())

        let login = { access: '', refresh: '', basic: '' }
        const logIn = async (username: string, password: string) => {
          const granted = page.waitForResponse(/\/auth\/token$/)
          await logInThere(page, username, password)
          const { access_token, refresh_token } = await (await granted).json()
          const basic = Buffer.from(`${username}:${password}`).toString('base64')
          login = {
            access: `Bearer ${access_token}`,
            refresh: `Bearer ${refresh_token}`,
            basic: `Basic ${basic}`,
          }
        }
        /** What the request of an operation has to bring, of what the login gave. */
        const credentialFor = ({ security = [] }: Operation) => {
          const names = security.flatMap((either) => Object.keys(either))
          if (names.length === 0) return undefined
          if (names.includes('oauth2')) return login.access
          return names.includes('basic') ? login.basic : login.refresh
        }

        const called: string[] = []
        const callOne = async (operation: Operation) => {
          const { operationId, responses } = operation
          const answer = await execute(page, operation)
          called.push(operationId)
          const status = answer.status()
          const refusal = REFUSED[operationId]
          t.ok(
            refusal ? status === refusal : answer.ok(),
            `${operationId} is answered with ${status}`,
          )
          t.ok(status in responses, `${operationId} says that it can answer with ${status}`)
          const { authorization } = await answer.request().allHeaders()
          t.equal(
            authorization,
            credentialFor(operation),
            `${operationId} has the right credential`,
          )
        }

        // One section of the page is open at a time: the more there is, the longer everything takes.
        const sections = new Set(operations.flatMap(({ tags }) => tags))
        const toggle = (section: string) =>
          page.locator(`.opblock-tag[data-tag="${section}"]`).dispatchEvent('click')
        for (const section of sections) await toggle(section)
        const callEach = async (isDue: (operation: Operation) => boolean) => {
          for (const section of sections) {
            const due = operations.filter(({ tags }) => tags.includes(section)).filter(isDue)
            if (due.length === 0) continue
            await toggle(section)
            for (const operation of due) await callOne(operation)
            await toggle(section)
          }
        }

        await logIn('user', 'password')
        await callEach(({ operationId }) => !LAST.some(([last]) => last === operationId))
        for (const [last, username, password] of LAST) {
          if (!operations.some(({ operationId }) => operationId === last)) continue
          await logIn(username, password)
          await callEach(({ operationId }) => operationId === last)
        }
        t.same(
          called.sort(),
          operations.map(({ operationId }) => operationId).sort(),
          'none is left out',
        )
        const unexpected = faults.filter(
          (fault) => !fault.includes('the server responded with a status'),
        )
        t.same(unexpected, [], 'no faults')
      })
    }
  },
)

/** Has the page send the request of an operation as it is filled in, with a file where that takes one. */
async function execute(page: Page, { tags: [section], operationId }: Operation): Promise<Response> {
  const operation = page.locator(`#operations-${section}-${operationId}`)
  await open(operation)
  const file = operation.locator('tr[data-property-name="file"] input')
  if (await file.count()) await file.setInputFiles(FILE)
  const answered = page.waitForResponse((response) => !response.url().includes('/docs'))
  await executeButton(operation).dispatchEvent('click')
  const answer = await answered
  await operation.locator(SUMMARY).dispatchEvent('click')
  return answer
}

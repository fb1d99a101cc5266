import { readFile } from 'node:fs/promises'
import type { Page, Response } from 'playwright-core'
import t from 'tap'
import { chromiumMissing, startChromium } from '../../fixtures/chromium.js'
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
  // That user is there.
  addUser: 409,
  // There are no plans and no tasks at first.
  createTask: 404,
  getTask: 404,
  downloadDocx: 404,
  downloadPdf: 404,
}

/** What ends a login, with the username and the password that log in before it: what comes earlier changes those. */
const LAST: readonly (readonly [operationId: string, username: string, password: string])[] = [
  ['logOut', 'user', 'password'],
  ['revokeRefreshToken', 'user', 'password'],
  ['invalidateToken', 'user', 'password'],
  ['endSession', 'user', 'password'],
  ['replaceUser', 'user', 'password'],
  ['changePassword', 'fancy new name', 'more secret'],
  ['deleteUser', 'fancy new name', 'a new password'],
]

const FILE = { name: 'file.txt', mimeType: 'text/plain', buffer: Buffer.from('content') }

interface Operation {
  readonly tags: readonly string[]
  readonly operationId: string
  readonly security?: readonly Readonly<Record<string, unknown>>[]
  readonly responses: Readonly<Record<string, unknown>>
}

t.test(
  'every operation can be called with what one login gives',
  {
    skip: chromiumMissing,
  },
  async (t) => {
    const data = JSON.parse(await readFile(`${ROOT}/data.json`, 'utf8'))
    // The one that the examples log in with; some operations are for admins alone.
    data.users[0].admin = true
    const { page, faults, app } = await openReference(t, await startChromium(t), { data })
    const document = JSON.parse(JSON.stringify(await app.openapi()))
    const operations = Object.values<Record<string, Operation>>(document.paths).flatMap((path) =>
      Object.values(path),
    )

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
      t.equal(status, REFUSED[operationId] ?? Math.min(status, 299), `${operationId} is answered`)
      t.ok(status in responses, `${operationId} says that it can answer with ${status}`)
      const { authorization } = await answer.request().allHeaders()
      t.equal(authorization, credentialFor(operation), `${operationId} has the right credential`)
    }

    // One section of the page is open at a time: the more there is, the longer everything takes.
    const sections = new Set(operations.flatMap(({ tags }) => tags))
    const fold = (section: string) =>
      page.locator(`.opblock-tag[data-tag="${section}"]`).dispatchEvent('click')
    for (const section of sections) await fold(section)

    await logIn('user', 'password')
    const isLast = ({ operationId }: Operation) => LAST.some(([id]) => id === operationId)
    for (const section of sections) {
      await fold(section)
      for (const operation of operations) {
        if (operation.tags.includes(section) && !isLast(operation)) await callOne(operation)
      }
      await fold(section)
    }
    for (const [operationId, username, password] of LAST) {
      await logIn(username, password)
      for (const operation of operations.filter((each) => each.operationId === operationId)) {
        for (const section of operation.tags) await fold(section)
        await callOne(operation)
        for (const section of operation.tags) await fold(section)
      }
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

import t from 'tap'
import { blog, writeDb } from '../fixtures/blog.js'
import { chromiumMissing, startChromium } from '../fixtures/chromium.js'
import { startFrontEnd } from '../fixtures/front-end.js'
import { listGuesser } from '../fixtures/list-guesser.js'
import { startProcess } from '../fixtures/process.js'

const script = chromiumMissing ? undefined : await listGuesser()
const skip =
  chromiumMissing || (script === undefined && 'npm cannot reach its registry for react-admin')

t.test("react-admin's ListGuesser shows a collection", { skip }, async (t) => {
  const { url } = await startProcess(t, [writeDb(t, blog())])
  const browser = await startChromium(t)
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto(`${await startFrontEnd(t, script)}?api=${encodeURIComponent(url)}#/posts`)

  const cells = (row: number) => page.getByRole('row').nth(row).getByRole('cell').allInnerTexts()
  const shown = (text: string) =>
    page.getByRole('cell', { name: text, exact: true }).first().waitFor()
  await shown('Sea 1')
  // Authors are asked for once the posts are there.
  await shown('Ann')
  const columns = await page.getByRole('columnheader').allInnerTexts()
  t.same(columns, ['', 'Id', 'Title', 'Views', 'Published', 'Author', 'Meta language'])
  t.same(await cells(1), ['', '1', 'Sea 1', '0', '', 'Ann', 'fr'], 'the author by name')
  t.equal(await page.getByRole('row').count(), 1 + 10)
  t.match(await page.locator('.MuiTablePagination-displayedRows').innerText(), '1-10 of 25')

  await page.getByRole('button', { name: 'Go to next page' }).click()
  await shown('Sea 11')
  await shown('Bob')
  t.same(await cells(10), ['', '20', 'Mast 20', '8', '', 'Bob', 'en'])
  await page.getByRole('button', { name: 'Sort by Title ascending' }).click()
  await shown('Harbour 14')
  t.same(errors, [])
})

import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { startApp } from '../../fixtures/app.js'
import { writeDb } from '../../fixtures/blog.js'
import { senderTo } from '../../fixtures/own.js'

t.test('what workspaces have is not saved, and a reset of the server is', async (t) => {
  const file = writeDb(t, { posts: [{ id: 1, title: 'One' }] })
  const text = await readFile(file, 'utf8')
  const open = async () => {
    const app = await startApp(t, { dataFile: file, save: true })
    return { app, send: senderTo(app) }
  }
  const first = await open()
  await first.send('POST', '/posts', { title: 'Two' })
  await first.send('POST', '/~one/posts', { title: 'Inside' })
  t.same(Object.keys(await first.app.ownState()), ['posts'])
  t.notMatch(JSON.stringify(await first.app.ownState()), 'Inside')
  await first.app.close()
  const saved = await readFile(file, 'utf8')
  t.match(saved, 'Two')
  t.notMatch(saved, 'Inside')

  const second = await open()
  await second.send('DELETE', '/posts/2')
  await second.send('PATCH', '/~one/posts/1', { title: 'Inside' })
  while ((await readFile(file, 'utf8')).includes('Two')) await setTimeout(20)
  await (await second.app.worlds.enter('one')).world.reset()
  await second.app.worlds.own.reset()
  await second.app.close()
  t.equal(await readFile(file, 'utf8'), saved)

  const third = await open()
  await third.send('DELETE', '/posts/2')
  await third.app.close()
  t.equal(await readFile(file, 'utf8'), text)
})

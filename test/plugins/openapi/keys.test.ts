import t from 'tap'
import { DocumentKeys, PerDocument } from '../../../plugins/openapi/keys.js'
import { World } from '../../../plugins/workspaces/world.js'
import { collections } from '../../../store/collections.js'
import { MemoryEngine } from '../../../store/memory/engine.js'

async function newWorld(): Promise<World> {
  const store = await new MemoryEngine().open(collections)
  return new World(undefined, store, await store.fork())
}

t.test('what is made of a document is made once for all worlds that say the same', async (t) => {
  const says = new Map<World, string>()
  const keys = new DocumentKeys((world) => says.get(world))
  let made = 0
  const documents = new PerDocument(keys, async () => ++made)
  const [one, two] = [await newWorld(), await newWorld()]
  const change = (world: World, text: string) => {
    says.set(world, text)
    keys.changed(world)
  }
  t.equal(await documents.of(one), 1)
  t.equal(await documents.of(two), 1)
  change(one, 'a')
  t.equal(await documents.of(one), 2)
  t.equal(await documents.of(two), 1)
  change(two, 'a')
  t.equal(await documents.of(two), 2)

  const kept = await one.snapshot()
  change(one, 'b')
  t.equal(await documents.of(one), 3)
  await one.restore(kept)
  t.equal(await documents.of(one), 2)
  await one.reset()
  t.equal(await documents.of(one), 1)
})

t.test('those asked for last are kept, and that of the start', async (t) => {
  let says = 0
  const keys = new DocumentKeys(() => says)
  let made = 0
  const documents = new PerDocument(keys, async () => ++made)
  const [world, other] = [await newWorld(), await newWorld()]
  await documents.of(other)
  const ask = async (text: number) => {
    says = text
    keys.changed(world)
    await documents.of(world)
    return made
  }
  for (let text = 1; text <= 16; text++) t.equal(await ask(text), text + 1)
  t.equal(await ask(1), 17, 'it is there, and now the last')
  t.equal(await ask(17), 18)
  t.equal(await ask(1), 18)
  t.equal(await ask(2), 19, 'it was the first to go')
  await documents.of(other)
  t.equal(made, 19)
})

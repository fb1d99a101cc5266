import { EventEmitter } from 'node:events'
import fp from 'fastify-plugin'
import { SeedError, type Source } from '../../seed/errors.js'
import type { Own } from './collection.js'
import { type State, stateReader } from './state.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Everything that is the user's own, as a data file has it: with what accounts log in with. */
    readonly ownState: () => Promise<State>
    /** Tells what is going to be in the data file, before it is written. */
    readonly saves: EventEmitter<{ saving: [digest: string] }>
  }
}

export interface SavingOptions {
  readonly own: Own
  readonly source: Source
  /** Whether every change is written back. */
  readonly save: boolean
  /** The field that has a record's id. */
  readonly id: string
}

/**
 * Keeps the data file up to date with the user's own collections, where that is wanted.
 * @throws SeedError where the file is none that could be written
 */
export default fp<SavingOptions>(
  async (app, { own, source, save, id }) => {
    const read = stateReader(app, own)
    const saves = new EventEmitter<{ saving: [digest: string] }>()
    app.decorate('ownState', read)
    app.decorate('saves', saves)
    if (!save) return
    const { checkSavable, saveTo } = await import('../../seed/save.js')
    const { name, text } = source
    checkSavable(name)
    if (text === undefined) {
      const message = 'has no file that --save could write to'
      throw new SeedError(name, [{ path: '', message }])
    }
    const saver = await saveTo(
      name,
      text,
      { read },
      {
        id,
        say: (line) => app.log.warn(line),
        announce: (digest) => saves.emit('saving', digest),
      },
    )
    for (const { records } of own.collections) records(app.store).watch(() => saver.changed())
    // What workspaces have is theirs alone.
    app.worlds.own.events.on('reset', () => saver.changed())
    app.addHook('onClose', () => saver.close())
  },
  { name: 'saving', dependencies: ['store', 'workspaces'] },
)

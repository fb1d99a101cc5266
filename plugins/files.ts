import fp from 'fastify-plugin'
import { FileStore } from '../store/files.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The contents of uploaded files. */
    readonly files: FileStore
  }
}

/** Keeps uploaded files in a folder of the process's own, for as long as there are tags that point at them. */
export default fp(
  async (app) => {
    const files = await FileStore.open()
    app.decorate('files', files)
    app.addHook('onClose', () => files.close())
    app.store.tags.onDelete(({ sha256 }) => {
      files.release(sha256).catch((error) => app.log.error(error))
    })
  },
  { name: 'files', dependencies: ['store'] },
)

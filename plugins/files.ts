import fp from 'fastify-plugin'
import { FileStore } from '../store/files.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The contents of uploads and of documents. */
    readonly files: FileStore
  }
}

/** Keeps files in a folder of the process's own, for as long as there are records that point at them. */
export default fp(
  async (app) => {
    const files = await FileStore.open()
    app.decorate('files', files)
    app.addHook('onClose', () => files.close())
    const release = ({ sha256 }: { readonly sha256: string }) => {
      files.release(sha256).catch((error) => app.log.error(error))
    }
    app.store.tags.onDelete(release)
    app.store.tasks.onDelete(({ docx, pdf }) => {
      if (docx) release(docx)
      if (pdf) release(pdf)
    })
  },
  { name: 'files', dependencies: ['store'] },
)

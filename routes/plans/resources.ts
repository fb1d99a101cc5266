import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { DownloadHeaders, download, downloadAnswers } from '../../plugins/http/download.js'
import { errors, found } from '../../plugins/http/errors.js'
import { failure } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { exampleTaskId } from './dmps.js'
import { visibleTask } from './tasks.js'

const FORMATS = [
  {
    format: 'docx',
    operationId: 'downloadDocx',
    name: 'Word file',
    mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  },
  { format: 'pdf', operationId: 'downloadPdf', name: 'PDF', mediaType: 'application/pdf' },
] as const

/** The documents that tasks have rendered. */
const resources: FastifyPluginAsyncTypebox = async (app) => {
  const { access } = app.guards

  for (const { format, operationId, name, mediaType } of FORMATS) {
    const FileParams = Type.Object({
      file_id: Type.String({
        maxLength: 128,
        description: `The task's id, with or without .${format}`,
        examples: [`${exampleTaskId}.${format}`],
      }),
    })

    addRoute(app, {
      method: 'GET',
      url: `/resources/${format}/:file_id`,
      guard: access,
      schema: {
        operationId,
        summary: `Download the ${name} of one of your tasks; as an admin, of any`,
        description: 'Once the task is finished. A part of the file can be asked for with `Range`.',
        tags: ['plans'],
        params: FileParams,
        headers: DownloadHeaders,
        response: {
          ...downloadAnswers(`The ${name}`, mediaType),
          404: failure('You have no such file, or not yet', errors.recordNotFound('file', 'none')),
        },
      },
      handler: async (request, reply) => {
        const { file_id: id } = request.params
        const gone = () => errors.recordNotFound('file', id)
        const extension = new RegExp(`\\.${format}$`, 'i')
        const publicId = id.replace(extension, '').toLowerCase()
        const task = await visibleTask(request, publicId)
        const { sha256, size } = found(task?.[format] ?? undefined, 'file', id)
        const fileName = `${publicId}.${format}`
        return download(request, reply, { sha256, size, fileName, contentType: mediaType }, gone)
      },
    })
  }
}

export default resources

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { IfNoneMatch, isKnown } from '../../plugins/http/conditional.js'
import { errors, found } from '../../plugins/http/errors.js'
import { answerList } from '../../plugins/http/list.js'
import { locationOf } from '../../plugins/http/record.js'
import { linked, linksOf, to } from '../../plugins/openapi/links.js'
import { empty, failure, list, success } from '../../plugins/openapi/responses.js'
import { addRoute } from '../../plugins/route.js'
import { newTask, type Task as TaskRecord, taskStatus } from '../../store/collections.js'
import { firstProjectOf } from '../../store/lookups.js'
import { equal } from '../../store/query.js'
import { ref } from '../../store/schema.js'
import { Done, done, examplePlanId, exampleTaskId, ownDmp, PublicId, WITH_SAME_ID } from './dmps.js'
import type { Rendering } from './rendering.js'

const Task = Type.Object(
  {
    id: PublicId,
    dmp: PublicId,
    status: taskStatus,
    timestamp: Type.String({ description: 'When it was created: ISO 8601, UTC' }),
    url_docx: Type.Optional(
      Type.String({
        description: 'The name of the Word file at `/resources/docx/`; once it is done',
      }),
    ),
    url_pdf: Type.Optional(
      Type.String({ description: 'The name of the PDF at `/resources/pdf/`; once it is done' }),
    ),
    reason: Type.Optional(Type.String({ description: 'Why there are no documents' })),
  },
  {
    $id: 'Task',
    additionalProperties: true,
    description: WITH_SAME_ID,
    examples: [
      {
        id: exampleTaskId,
        _id: exampleTaskId,
        dmp: examplePlanId,
        status: 'done',
        timestamp: '2026-11-22T10:14:41.351Z',
        url_docx: `${exampleTaskId}.docx`,
        url_pdf: `${exampleTaskId}.pdf`,
      },
    ],
  },
)

const TaskInput = Type.Object(
  { dmp: Type.String({ maxLength: 128, description: 'The id of one of your plans' }) },
  {
    $id: 'TaskInput',
    additionalProperties: true,
    description: 'Other fields are taken, and passed over.',
    examples: [{ dmp: examplePlanId }],
  },
)

const TaskParams = Type.Object({ task_id: PublicId })

const Filter = Type.Object({
  status: Type.Optional(taskStatus),
  id_dmp: Type.Optional(
    Type.String({ maxLength: 128, description: 'The id of a plan', examples: [examplePlanId] }),
  ),
})

const CREATED = 'Task created'

const links = linksOf('task_id', 'getTask', [])
const toDocuments = to(['downloadDocx', 'downloadPdf'], {
  parameters: { file_id: '$response.body#/id' },
})

export interface TaskOptions {
  readonly rendering: Rendering
}

/** Tasks: each renders a plan, as it is when the task is posted, in the background. */
const tasks: FastifyPluginAsyncTypebox<TaskOptions> = async (app, { rendering }) => {
  for (const schema of [Task, TaskInput]) app.addSchema(schema)
  const { access } = app.guards

  addRoute(app, {
    method: 'GET',
    url: '/tasks',
    guard: access,
    schema: {
      operationId: 'listTasks',
      summary: 'List your tasks; as an admin, all',
      description: 'The newest first; all, or those of one status or of one plan.',
      tags: ['plans'],
      querystring: Filter,
      response: { 200: list('The tasks, the newest first', Task) },
    },
    handler: async (request, reply) => {
      const { query, store, user } = request
      const where = equal({
        userId: user.admin ? undefined : user.id,
        status: query.status,
        dmp: query.id_dmp?.toLowerCase(),
      })
      const newestFirst = [{ path: 'createdAt', descending: true }] as const
      return answerList(reply, store.tasks, { where, sort: newestFirst }, (tasks) =>
        tasks.map(shown),
      )
    },
  })

  addRoute(app, {
    method: 'POST',
    url: '/tasks',
    guard: access,
    schema: {
      operationId: 'createTask',
      summary: 'Have a plan rendered to a Word file and a PDF',
      description: 'As it is now. The task says when they are there.',
      tags: ['plans'],
      body: ref(TaskInput),
      response: {
        201: links.names(
          success('The task is there', Done, ['location'], done(exampleTaskId, CREATED)),
          '$response.body#/id',
        ),
        404: failure('You have no plan with this id', errors.recordNotFound('DMP', 'none')),
        503: failure('Too many plans wait to be rendered', errors.tooManyWait(12)),
        507: failure('You have as many tasks as you may have', errors.noRoom('tasks')),
      },
    },
    handler: async (request, reply) => {
      const { body, store, user, world } = request
      const [{ content, publicId: dmp }, project] = await Promise.all([
        ownDmp(request, body.dmp),
        firstProjectOf(store, user),
      ])
      const values = newTask(user.id, dmp, {
        plan: content,
        author: user.username,
        project: project?.name,
        date: world.date(),
      })
      await rendering.start(store, values)
      reply.code(201).header('location', locationOf(request, values.publicId))
      return done(values.publicId, CREATED)
    },
  })

  addRoute(app, {
    method: 'GET',
    url: '/tasks/:task_id',
    guard: access,
    schema: {
      operationId: 'getTask',
      summary: 'Get one of your tasks; as an admin, any',
      description:
        'Ask again until its status is no longer `pending`. Then it has the addresses of its documents, or the reason why there are none.',
      tags: ['plans'],
      params: TaskParams,
      headers: IfNoneMatch,
      response: {
        200: linked(success('The task', Task, ['etag']), toDocuments),
        304: empty('You have the latest version', ['etag']),
        404: failure('You have no task with this id', errors.recordNotFound('task', 'none')),
      },
    },
    handler: async (request, reply) => {
      const { task_id: id } = request.params
      const task = found(await visibleTask(request, id), 'task', id)
      if (isKnown(request, reply, task)) return reply.code(304).send(undefined)
      return shown(task)
    },
  })
}

function shown({ publicId, dmp, status, createdAt, reason }: TaskRecord): Static<typeof Task> {
  const task = { id: publicId, _id: publicId, dmp, status, timestamp: createdAt }
  if (reason !== null) return { ...task, reason }
  if (status !== 'done') return task
  return { ...task, url_docx: `${publicId}.docx`, url_pdf: `${publicId}.pdf` }
}

/** A task that the request may see: one's own, or as an admin any. Another user's is as none: who has what is nobody's business. */
export async function visibleTask(
  { store, user }: Pick<FastifyRequest, 'store' | 'user'>,
  id: string,
): Promise<TaskRecord | undefined> {
  const task = await store.tasks.getBy({ publicId: id.toLowerCase() })
  return task?.userId === user.id || user.admin ? task : undefined
}

export default tasks

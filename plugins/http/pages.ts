import { realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'
import type { send } from '@fastify/send'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ConfigError } from '../../config.js'
import { codeOf, hasCode } from '../../store/errors.js'
import { baseOf } from '../workspaces/name.js'
import { errors } from './errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The files of a folder, for paths that no route has; undefined where none is served. */
    readonly pages: Pages | undefined
  }
}

export interface PagesOptions {
  /** The folder; `none` is none. */
  readonly static?: string | undefined
}

/**
 * An answer of an API may load nothing where a browser shows it. A page of the user's own works as it does elsewhere, with the
 * scripts and styles of other servers too; but no page of another origin can frame it.
 */
const CONTENT_SECURITY_POLICY =
  "default-src * data: blob: ws: wss: 'unsafe-inline' 'unsafe-eval';base-uri 'self';object-src 'none';frame-ancestors 'self'"

/** The files of one folder, `index.html` for the folder itself. */
class Pages {
  readonly #root: string
  readonly #send: typeof send

  /** @param root without a symbolic link on its way */
  constructor(root: string, sendFile: typeof send) {
    this.#root = root
    this.#send = sendFile
  }

  /**
   * Answers with the file at the request's path.
   * @returns undefined where there is none, or one that isn't shown: names with a dot at their beginning, and what a symbolic
   * link leads to outside of the folder
   * @throws 412, 416
   */
  async answer(
    { raw, url }: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> {
    let size = 0
    const onFile = async (path: string, stats: { isFile(): boolean; size: number }) => {
      size = stats.size
      if (!stats.isFile() || !(await realpath(path)).startsWith(this.#root + sep)) throw HIDDEN
    }
    const path = url.replace(/[?#].*/s, '')
    const options = { root: this.#root, dotfiles: 'ignore', onFile } as const
    const result = await this.#send(raw, path, options).catch((error: unknown) => {
      // Gone since it was looked at, or not for this process to read.
      const isUnreadable = codeOf(error) !== undefined && !hasCode(error, 'EMFILE')
      if (error === HIDDEN || isUnreadable) return undefined
      throw error
    })
    if (!result) return undefined
    const { statusCode, headers, stream, type } = result
    if (type === 'directory') return this.#redirect(path, reply)
    if (type === 'error') {
      if (statusCode === 412) throw errors.preconditionFailed()
      if (statusCode === 416) throw errors.rangeNotSatisfiable(size)
      return undefined
    }
    const policy = { 'content-security-policy': CONTENT_SECURITY_POLICY }
    // Of a request that brings a token: it comes before what is said of files.
    const caching = reply.getHeader('cache-control')
    return reply
      .code(statusCode)
      .headers({ ...headers, ...policy, ...(caching ? { 'cache-control': caching } : {}) })
      .send(stream)
  }

  /** To the folder's own address, with which what its page names is found. */
  #redirect(path: string, reply: FastifyReply): FastifyReply {
    // Two slashes would be the address of another server.
    return reply.redirect(`${baseOf(reply.request)}${path.replace(/^\/{2,}/, '/')}/`)
  }
}

/** A file that isn't shown. */
const HIDDEN = new Error('hidden')

/**
 * Serves the files of a folder, at GET and HEAD of paths that no route has.
 * @throws ConfigError when there is no such folder
 */
export default fp<PagesOptions>(
  async (app, { static: named }) => {
    const folder = named === 'none' ? undefined : named
    if (folder !== undefined && !(await isFolder(folder))) {
      throw new ConfigError(`there is no folder ${folder} to serve files from (--static, STATIC)`)
    }
    app.decorate('pages', folder === undefined ? undefined : await open(folder))
    if (folder !== undefined) app.log.info(`The files of ${folder} are served too`)
  },
  { name: 'pages', dependencies: ['errors'] },
)

async function open(folder: string): Promise<Pages> {
  // For nothing else, so that other starts don't read it.
  const { default: sending } = await import('@fastify/send')
  return new Pages(await realpath(folder), sending.send)
}

/** Whether there is a folder with this name. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

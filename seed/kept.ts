import { Readable } from 'node:stream'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { compile, escapePointer } from '../store/check.js'
import {
  PackageName,
  type RenderingOrder,
  type Store,
  TagName,
  taskStatus,
} from '../store/collections.js'
import type { StoredFile } from '../store/declaration.js'
import type { ReceivedFile } from '../store/engine.js'
import { UniqueViolation } from '../store/errors.js'
import { type OwnFile, ownRecords } from '../store/own.js'
import { nullable } from '../store/schema.js'
import { Turns } from '../store/turns.js'
import type { Finding } from './faults.js'
import { Moment, seedWordsFor, Uuid } from './format.js'
import type { OwnSource } from './own-fill.js'
import { idOf, RecordFault } from './records.js'

const closed = { additionalProperties: false }

/** Bytes as JSON has them (RFC 4648, section 4). */
const Content = Type.String()

const PositiveId = Type.Integer({ minimum: 1, maximum: 1e15 })

const fileFields = { file_name: Type.String(), type: Type.String(), content: Content }

export const KeptPackage = Type.Object(
  { id: PositiveId, name: PackageName, user: nullable(Type.String()) },
  closed,
)
export type KeptPackage = Static<typeof KeptPackage>

/** `package` is the package's name. */
export const KeptTag = Type.Object(
  { id: PositiveId, package: Type.String(), tag: TagName, date_posted: Moment, ...fileFields },
  closed,
)
export type KeptTag = Static<typeof KeptTag>

export const KeptTask = Type.Object(
  {
    id: Uuid,
    user: Type.String(),
    dmp: Type.String(),
    status: taskStatus,
    timestamp: Moment,
    reason: Type.Optional(Type.String()),
    /** What is to be rendered. */
    order: Type.Optional(
      Type.Unsafe<RenderingOrder>(
        Type.Object(
          {
            plan: Type.Object({}, { additionalProperties: true }),
            author: Type.String(),
            project: Type.Optional(Type.String()),
            date: Moment,
          },
          closed,
        ),
      ),
    ),
    docx: Type.Optional(Content),
    pdf: Type.Optional(Content),
  },
  closed,
)
export type KeptTask = Static<typeof KeptTask>

/** A file of a record of the user's own; `name` is its name in its address. */
export const KeptFile = Type.Object(
  {
    collection: Type.String(),
    record: Type.String(),
    name: Type.String({ pattern: '^[0-9a-f]{24}$' }),
    ...fileFields,
  },
  closed,
)
export type KeptFile = Static<typeof KeptFile>

/** Fills a store with one record, and says to which files it refers by now. */
type Put<R> = (record: R, filling: KeptFilling) => Promise<void>

interface KeptFilling {
  readonly store: Store
  readonly own: readonly OwnSource[]
  /**
   * Takes in a file's content, which is released once all is done.
   * @param field where it stands
   * @throws RecordFault
   */
  readonly receive: (content: string, field?: string) => Promise<StoredFile>
}

interface KeptPart {
  /** Puts each record of the part into the store, and finds what is wrong with it. */
  readonly put: (
    record: unknown,
    filling: KeptFilling,
  ) => Promise<Omit<Finding, 'unknown'> | undefined>
}

function part<S extends TSchema>(schema: S, put: Put<Static<S>>): KeptPart {
  const fits = compile(schema)
  return {
    put: async (record, filling) => {
      if (!fits(record)) {
        const fault = fits.fault()
        return { path: fault.path, message: seedWordsFor(fault) }
      }
      try {
        await put(record, filling)
        return undefined
      } catch (error) {
        if (error instanceof RecordFault) {
          return { path: `/${escapePointer(error.field)}`, message: error.message }
        }
        if (!(error instanceof UniqueViolation)) throw error
        return { path: '', message: `another record has the same ${error.fields.join(', ')}` }
      }
    },
  }
}

/**
 * The parts of a data file that nobody writes by hand: what a state has beside, so that nothing of it is lost. Their names begin with `$`, so that
 * none is a collection of the user's own. In their order: what is referred to comes first.
 */
export const keptParts = {
  $packages: part(KeptPackage, async ({ id, name, user }, { store }) => {
    const userId = user === null ? null : await idOf(store, user, 'user')
    await store.packages.insert({ id, name, userId })
  }),
  $tags: part(KeptTag, async (record, { store, receive }) => {
    const { id, tag, package: name, file_name: fileName, type: contentType } = record
    const owner = await store.packages.getBy({ name })
    if (!owner) throw new RecordFault('package', 'names no package')
    const file = await receive(record.content)
    const postedAt = new Date(record.date_posted).toISOString()
    const { id: packageId, userId } = owner
    await store.tags.insert({ id, packageId, userId, tag, file, fileName, contentType, postedAt })
  }),
  $tasks: part(KeptTask, async (record, { store, receive }) => {
    const { id, user, dmp, status, timestamp, reason = null, order, docx, pdf } = record
    if ((status === 'pending') !== (order !== undefined)) {
      throw new RecordFault('order', 'belongs to a task that is pending, and to no other')
    }
    if (status === 'done' && (docx === undefined || pdf === undefined)) {
      throw new RecordFault('status', 'is done, and one of the documents is missing')
    }
    await store.tasks.insert({
      publicId: id.toLowerCase(),
      userId: await idOf(store, user, 'user'),
      dmp,
      status,
      createdAt: new Date(timestamp).toISOString(),
      reason,
      order: order ?? null,
      docx: docx === undefined ? null : await receive(docx, 'docx'),
      pdf: pdf === undefined ? null : await receive(pdf, 'pdf'),
    })
  }),
  $files: part(KeptFile, async (record, { store, own, receive }) => {
    const { collection, record: key, name, file_name: fileName, type: contentType } = record
    const source = own.find((each) => each.part.name === collection && !each.part.isSingular)
    if (!source) throw new RecordFault('collection', 'names no collection of yours')
    const records = ownRecords(store, source.storeName)
    const owner = await records.getBy({ key })
    if (!owner) throw new RecordFault('record', 'names no record of the collection')
    const file: OwnFile = { ...(await receive(record.content)), name, fileName, contentType }
    await records.update(owner.id, { files: [...(owner.files ?? []), file] })
  }),
} satisfies Record<string, KeptPart>

export type KeptName = keyof typeof keptParts
export const KEPT_NAMES: readonly KeptName[] = Object.keys(keptParts).filter(isKeptName)

export function isKeptName(name: string): name is KeptName {
  return Object.hasOwn(keptParts, name)
}

/**
 * Fills a store that has all else of a data file.
 * @param kept the parts, by their names
 * @returns what is wrong with them
 */
export async function fillKept(
  store: Store,
  kept: ReadonlyMap<string, unknown>,
  own: readonly OwnSource[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const received: ReceivedFile[] = []
  const turns = new Turns()
  const receive = async (content: string, field = 'content') => {
    const bytes = Buffer.from(content, 'base64')
    // What is no base64 is passed over while it is read.
    if (content.length % 4 !== 0 || Buffer.byteLength(content, 'base64') !== bytes.length) {
      throw new RecordFault(field, 'must be bytes in base64')
    }
    const file = await store.files.receive(Readable.from([bytes]))
    received.push(file)
    return { sha256: file.sha256, size: file.size }
  }
  try {
    for (const name of KEPT_NAMES) {
      const records = kept.get(name) ?? []
      if (!Array.isArray(records)) findings.push({ path: `/${name}`, message: 'must be array' })
      else {
        for (const [at, record] of records.entries()) {
          const fault = await keptParts[name].put(record, { store, own, receive })
          if (fault) findings.push({ ...fault, path: `/${name}/${at}${fault.path}` })
          if (turns.isOver) await turns.next()
        }
      }
    }
  } finally {
    for (const file of received) await file.release()
  }
  return findings
}

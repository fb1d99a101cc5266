import { buffer } from 'node:stream/consumers'
import type { Store, Task, User } from '../store/collections.js'
import type { StoredFile } from '../store/declaration.js'
import { all } from '../store/lookups.js'
import type { KeptFile, KeptPackage, KeptTag, KeptTask } from './kept.js'
import type { PartName, PartRecord } from './parts.js'

/** What a store's records become in a data file, beside themselves. */
export interface Writing {
  readonly store: Store
  /** The hash of a user's password. */
  readonly hashOf: (user: User) => string | null
}

/** The parts that are lists. */
type ListName = Exclude<PartName, 'applications'>

/** Records as a data file has them: what `toRecord` of the part makes the same records of. */
type Written<N extends ListName> = readonly PartRecord<N>[]

type Writers = { readonly [N in ListName]: (writing: Writing) => AsyncIterable<Written<N>> }

const writers: Writers = {
  users: ({ store, hashOf }) =>
    each(store.users, (user) => {
      const { id, username: name, email, admin, publicId: public_id, registeredAt } = user
      const passwordHash = hashOf(user) ?? undefined
      return {
        id,
        name,
        ...(passwordHash === undefined ? {} : { passwordHash }),
        public_id,
        email,
        admin,
        date_registered: registeredAt,
      }
    }),
  ships: ({ store }) => each(store.ships, ({ version: _, ...ship }) => ship),
  articles: ({ store }) =>
    each(store.articles, ({ id, title, text, userId: user_id, postedAt: date_posted }) => ({
      id,
      title,
      text,
      user_id,
      date_posted,
    })),
  templates: ({ store }) =>
    each(store.templates.joined('userId'), ({ record, target: owner }) => {
      const { id, title, url, description, postedAt: posted, approved } = record
      const username = owner?.username ?? null
      return { id, title, url, description, posted, username, approved }
    }),
  projects: ({ store }) =>
    each(store.projects, ({ id, name, description }) => ({ id, name, description })),
  memberships: ({ store }) =>
    each(store.memberships, ({ id, userId: user_id, projectId: project_id }) => ({
      id,
      user_id,
      project_id,
    })),
  dmps: ({ store }) =>
    each(store.dmps.joined('userId'), ({ record: { publicId, content }, target: owner }) => ({
      ...content,
      id: publicId,
      user: owner?.username ?? '',
    })),
}

/** What all records become, some at a time. */
async function* each<A, T>(
  records: { stream(): AsyncIterable<readonly A[]> },
  write: (record: A) => T,
): AsyncIterable<readonly T[]> {
  for await (const batch of records.stream()) yield batch.map(write)
}

export function isListName(name: PartName): name is ListName {
  return name in writers
}

/** The records of a part, as a data file has them. */
export function written<N extends ListName>(
  name: N,
  writing: Writing,
): AsyncIterable<readonly unknown[]> {
  return writers[name](writing)
}

/** Each application's token, by its name. */
export async function applicationsIn({ applications }: Store): Promise<Record<string, string>> {
  const entries = (await all(applications)).map(({ name, token }) => [name, token])
  return Object.fromEntries(entries)
}

/** The packages of the registry, as a state has them. */
export function writtenPackages({ packages }: Store): AsyncIterable<readonly KeptPackage[]> {
  return each(packages.joined('userId'), ({ record: { id, name }, target: owner }) => ({
    id,
    name,
    user: owner?.username ?? null,
  }))
}

/** One by one, since each has its file with it. */
export async function* writtenTags(store: Store): AsyncIterable<readonly KeptTag[]> {
  for await (const tags of store.tags.joined('packageId').stream()) {
    for (const { record, target } of tags) {
      const { id, tag, file, fileName, contentType, postedAt } = record
      yield [
        {
          id,
          package: target?.name ?? '',
          tag,
          date_posted: postedAt,
          file_name: fileName,
          type: contentType,
          content: await base64Of(store, file),
        },
      ]
    }
  }
}

export async function* writtenTasks(store: Store): AsyncIterable<readonly KeptTask[]> {
  for await (const tasks of store.tasks.joined('userId').stream()) {
    for (const { record, target } of tasks) yield [await writtenTask(store, record, target)]
  }
}

async function writtenTask(store: Store, task: Task, owner: User | undefined): Promise<KeptTask> {
  const { publicId: id, dmp, status, createdAt, reason, order, docx, pdf } = task
  return {
    id,
    user: owner?.username ?? '',
    dmp,
    status,
    timestamp: createdAt,
    ...(reason === null ? {} : { reason }),
    ...(order === null ? {} : { order }),
    ...(docx === null ? {} : { docx: await base64Of(store, docx) }),
    ...(pdf === null ? {} : { pdf: await base64Of(store, pdf) }),
  }
}

/** A file of a record of the user's own. */
export async function writtenFile(
  store: Store,
  place: Pick<KeptFile, 'collection' | 'record'>,
  {
    name,
    fileName,
    contentType,
    ...file
  }: StoredFile & Readonly<Record<'name' | 'fileName' | 'contentType', string>>,
): Promise<KeptFile> {
  const content = await base64Of(store, file)
  return { ...place, name, file_name: fileName, type: contentType, content }
}

async function base64Of({ files }: Store, { sha256 }: StoredFile): Promise<string> {
  return (await buffer(await files.read(sha256))).toString('base64')
}

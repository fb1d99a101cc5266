import { buffer } from 'node:stream/consumers'
import type { Records, Store, Task, User } from '../store/collections.js'
import type { StoredFile } from '../store/declaration.js'
import type { Collection } from '../store/engine.js'
import { all, ownersOf } from '../store/lookups.js'
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

type Writers = {
  readonly [N in ListName]: (
    records: readonly Records[N][],
    writing: Writing,
  ) => Promise<Written<N>> | Written<N>
}

const writers: Writers = {
  users: (users, { hashOf }) =>
    users.map((user) => {
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
  ships: (ships) => ships.map(({ version: _, ...ship }) => ship),
  articles: (articles) =>
    articles.map(({ id, title, text, userId: user_id, postedAt: date_posted }) => ({
      id,
      title,
      text,
      user_id,
      date_posted,
    })),
  templates: async (templates, { store }) => {
    const owners = await ownersOf(store, templates)
    return templates.map(({ id, title, url, description, postedAt, userId, approved }) => ({
      id,
      title,
      url,
      description,
      posted: postedAt,
      username: owners.get(userId)?.username ?? null,
      approved,
    }))
  },
  projects: (projects) => projects.map(({ id, name, description }) => ({ id, name, description })),
  memberships: (memberships) =>
    memberships.map(({ id, userId: user_id, projectId: project_id }) => ({
      id,
      user_id,
      project_id,
    })),
  dmps: async (dmps, { store }) => {
    const owners = await ownersOf(store, dmps)
    return dmps.map(({ publicId, userId, content }) => ({
      ...content,
      id: publicId,
      user: owners.get(userId)?.username ?? '',
    }))
  },
}

export function isListName(name: PartName): name is ListName {
  return name in writers
}

/** The records of a part, as a data file has them. */
export async function* written<N extends ListName>(
  name: N,
  writing: Writing,
): AsyncIterable<readonly unknown[]> {
  const collections: { readonly [P in ListName]: Collection<Records[P]> } = writing.store
  const writeOf: { readonly [P in ListName]: Writers[P] } = writers
  for await (const batch of collections[name].stream()) yield await writeOf[name](batch, writing)
}

/** Each application's token, by its name. */
export async function applicationsIn({ applications }: Store): Promise<Record<string, string>> {
  const entries = (await all(applications)).map(({ name, token }) => [name, token])
  return Object.fromEntries(entries)
}

/** The packages of the registry, as a state has them. */
export async function* writtenPackages(store: Store): AsyncIterable<readonly KeptPackage[]> {
  for await (const packages of store.packages.stream()) {
    const owners = await ownersOf(store, packages)
    yield packages.map(({ id, name, userId }) => ({
      id,
      name,
      user: owners.get(userId)?.username ?? null,
    }))
  }
}

/** One by one, since each has its file with it. */
export async function* writtenTags(store: Store): AsyncIterable<readonly KeptTag[]> {
  for await (const tags of store.tags.stream()) {
    for (const { id, packageId, tag, file, fileName, contentType, postedAt } of tags) {
      const owner = await store.packages.get(packageId)
      yield [
        {
          id,
          package: owner?.name ?? '',
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
  for await (const tasks of store.tasks.stream()) {
    for (const task of tasks) yield [await writtenTask(store, task)]
  }
}

async function writtenTask(store: Store, task: Task): Promise<KeptTask> {
  const { publicId: id, userId, dmp, status, createdAt, reason, order, docx, pdf } = task
  const owner = await store.users.get(userId)
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

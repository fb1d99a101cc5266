import type { SeedFile } from '../seed/format.js'
import type { Store } from '../store/collections.js'
import { count, listed } from './say.js'

interface Part {
  /** What one record of it is called. */
  readonly thing: string
  /** Whether it is no list: a new file is better without an empty one. */
  readonly isObject?: boolean
  /** The shape of a record that no command makes. */
  readonly example?: object
}

/** The parts of a data file, in the order of a new one. */
const PARTS: Readonly<Record<keyof SeedFile, Part>> = {
  users: { thing: 'user' },
  ships: {
    thing: 'ship',
    example: {
      id: 1,
      affiliation: 'Rebel Alliance',
      category: 'Starfighters',
      crew: 1,
      length: 13,
      manufacturer: 'Incom Corporation',
      model: 'T-65 X-Wing',
      roles: ['Space Superiority Starfighter', 'Escort'],
      ship_class: 'Starfighter',
    },
  },
  articles: {
    thing: 'article',
    example: {
      id: 1,
      title: 'Welcome aboard',
      text: 'Change this file, and start the server again.',
      user_id: null,
      date_posted: '2026-01-05T08:00:00Z',
    },
  },
  templates: { thing: 'template' },
  projects: { thing: 'project' },
  memberships: { thing: 'membership' },
  dmps: { thing: 'plan' },
  applications: { thing: 'application', isObject: true },
}

/** What a data file holds: `3 users, 15 ships and 12 articles`. Parts that it has nothing in are passed over. */
export async function countsOf(store: Store): Promise<string> {
  const counts: string[] = []
  for (const [name, { thing }] of Object.entries(PARTS)) {
    const total = isPart(name) ? (await store[name].find({ limit: 0 })).total : 0
    if (total > 0) counts.push(count(total, thing))
  }
  return listed(counts) || 'nothing'
}

/** The text of a data file that holds nothing: every list is there, and empty. */
export const emptyText = textOf(() => [])

/**
 * The text of a data file for a beginning, which `slipway init` writes. No user is in it, since everybody could know the
 * password.
 */
export const starterText = textOf(({ example }) => (example ? [example] : []))

function isPart(name: string): name is keyof SeedFile {
  return name in PARTS
}

function textOf(recordsOf: (part: Part) => readonly object[]): string {
  const lists = Object.entries(PARTS).filter(([, { isObject }]) => !isObject)
  const data = Object.fromEntries(lists.map(([name, part]) => [name, recordsOf(part)]))
  return `${JSON.stringify(data, null, 2)}\n`
}

/** A data file without a record: every list is there, and empty. */
const EMPTY = {
  users: [],
  ships: [],
  articles: [],
  templates: [],
  projects: [],
  memberships: [],
  dmps: [],
}

/**
 * What `slipway init` writes. No user is in it, since everybody could know the password; one example shows the shape of
 * each kind of record that no command makes.
 */
const STARTER = {
  ...EMPTY,
  ships: [
    {
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
  ],
  articles: [
    {
      id: 1,
      title: 'Welcome aboard',
      text: 'Change this file, and start the server again.',
      user_id: null,
      date_posted: '2026-01-05T08:00:00Z',
    },
  ],
}

/** The text of a data file for a beginning. */
export const starterText = textOf(STARTER)

/** The text of a data file that holds nothing. */
export const emptyText = textOf(EMPTY)

function textOf(data: object): string {
  return `${JSON.stringify(data, null, 2)}\n`
}

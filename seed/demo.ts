/** The users of the data file that is shipped, with passwords that everybody can know. */
export const DEMO_PASSWORDS: ReadonlyMap<string, string> = new Map([
  ['user', 'password'],
  ['guest', 'guest'],
  ['admin', 'admin'],
])

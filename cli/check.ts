import { chosenDataFile } from './data-file/find.js'
import { load } from './data-file/load.js'
import { countsOf } from './parts.js'
import { count, say } from './say.js'

/** Says what a data file holds, once the server would take it. */
export async function check(named: string | undefined): Promise<void> {
  const file = await chosenDataFile(named)
  const { store, passwords } = await load(file)
  say(`${file} is good: ${await countsOf(store)}`)
  if (passwords.size > 0) {
    say(`${count(passwords.size, 'password')} in it can be read by everybody who can read the file`)
  }
}

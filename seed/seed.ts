import { compile } from '../schemas/check.js'
import { newUser, type User } from '../store/collections.js'
import { UniqueViolation } from '../store/errors.js'
import type { NewRecord, Store } from '../store/store.js'
import { SeedError } from './errors.js'
import { SeedFile, type SeedUser } from './format.js'
import { readJson } from './read.js'

const isSeedFile = compile(SeedFile)

/** A fault in one field of a record. */
class Fault extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Fills an empty store from a data file.
 * @returns the plain passwords in the file, by the user's id: they are still to be hashed
 * @throws SeedError with the file, the place and the fault
 */
export async function seed(store: Store, file: string): Promise<Map<number, string>> {
  const data = await readJson(file)
  if (!isSeedFile(data)) {
    const { path, message } = isSeedFile.fault()
    throw new SeedError(file, path, message)
  }

  const passwords = new Map<number, string>()
  const { users = [], ships = [] } = data
  for (const [index, record] of users.entries()) {
    await placing(file, `/users/${index}`, async () => {
      const user = await store.users.insert(userOf(record))
      if (record.password !== undefined) passwords.set(user.id, record.password)
    })
  }
  for (const [index, record] of ships.entries()) {
    await placing(file, `/ships/${index}`, () => store.ships.insert(record))
  }
  return passwords
}

function userOf(record: SeedUser): NewRecord<User> {
  const { id, name, username = name, password, passwordHash = null, email, admin } = record
  if (username === undefined) throw new Fault('name', 'is missing')
  if (name !== undefined && name !== username) throw new Fault('username', 'is not the name')
  if ((password === undefined) === (passwordHash === null)) {
    throw new Fault('password', 'one of password and passwordHash is needed')
  }
  return newUser({
    id,
    username,
    passwordHash,
    email,
    admin,
    publicId: record.public_id?.toLowerCase(),
    registeredAt: record.date_registered && new Date(record.date_registered).toISOString(),
  })
}

/** Does something with one record of the file. Its faults get their place. */
async function placing(file: string, place: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Fault) throw new SeedError(file, `${place}/${error.field}`, error.message)
    if (error instanceof UniqueViolation) {
      throw new SeedError(file, place, `another record has the same ${error.fields.join(', ')}`)
    }
    throw error
  }
}

import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Store, User } from '../store/collections.js'

/** The users of the data file that is shipped, with passwords that everybody can know. */
export const DEMO_PASSWORDS: ReadonlyMap<string, string> = new Map([
  ['user', 'password'],
  ['guest', 'guest'],
  ['admin', 'admin'],
])

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Whether nobody but this machine reaches what listens there. */
export function isLoopback(at: string | AddressInfo): boolean {
  // A socket in the file system is text.
  return typeof at === 'string' || isLoopbackAddress(at.address)
}

export function isLoopbackAddress(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/**
 * Says in the log, once the server listens, when other machines can reach it and log in as a demo user.
 * @param hasPassword says whether a password is a user's
 */
export function warnOfDemoUsers(
  app: FastifyInstance,
  store: Store,
  hasPassword: (user: User, password: string) => Promise<boolean>,
): void {
  app.addHook('onListen', async () => {
    if (app.addresses().every(isLoopback)) return
    const names: string[] = []
    for (const [username, password] of DEMO_PASSWORDS) {
      const user = await store.users.getBy({ username })
      if (user && (await hasPassword(user, password))) names.push(username)
    }
    if (names.length === 0) return
    app.log.warn(
      `Other machines can reach this server and log in as ${names.join(', ')} with the passwords of the demo: change them in the data file`,
    )
  })
}

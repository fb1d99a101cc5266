import { errors } from '../http/errors.js'
import type { Requirement } from './guards.js'

const HEADER = 'x-application-token'

/** That a request comes from a program which the data file registers. */
export const applicationToken: Requirement = {
  name: 'application',
  scheme: {
    type: 'apiKey',
    in: 'header',
    name: HEADER,
    description: 'The token of an application, as the data file has it under `applications`',
  },
  check: async ({ headers, store }) => {
    const token = headers[HEADER]?.toString()
    if (token === undefined) throw errors.applicationMissing()
    if (!(await store.applications.getBy({ token }))) throw errors.applicationUnknown()
  },
}

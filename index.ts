/** What other programs can use: the server itself, to embed it in their tests. */
export { buildApp } from './app.js'
export { type Config, ConfigError, type Options, parseConfig } from './config.js'
export { bearer, type Carrier, header } from './plugins/auth/carriers.js'
export { default as guards } from './plugins/auth/guards.js'
export { addRoute } from './plugins/route.js'
export { SeedError, type SeedFault } from './seed/errors.js'
export type { Store } from './store/collections.js'

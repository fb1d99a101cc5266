import { writeFile } from 'node:fs/promises'
import { generated } from './generator.js'

/** Writes what is generated from the routes and committed: the OpenAPI document, and of it the client's types. */
for (const [path, text] of Object.entries(await generated())) await writeFile(path, text)

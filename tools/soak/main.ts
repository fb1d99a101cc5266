import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { pageOf, tableOf } from './report.js'
import { soak } from './soak.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
})

const result = await soak(Number(values.seconds))
process.stdout.write(`${tableOf(result)}\n`)
for (const fault of result.faults) process.stdout.write(`FAILED: ${fault}\n`)
process.exitCode = result.faults.length === 0 ? 0 : 1
if (values.write && result.faults.length === 0) await writeFile('docs/soak.md', pageOf(result))

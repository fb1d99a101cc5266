import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { judge } from './signatures.js'

/**
 * Has npm compare what is installed with the signatures of the registry that it came from. One that has none, or that
 * doesn't answer, is not the change's fault.
 */
const OPTIONS = ['--json', '--fetch-retries=0', '--fetch-timeout=30000']
const npm = spawn('npm', ['audit', 'signatures', ...OPTIONS], {
  stdio: ['ignore', 'pipe', 'ignore'],
})
const { status, text: said } = judge(await text(npm.stdout))
process.stdout.write(`${said}\n`)
process.exitCode = status

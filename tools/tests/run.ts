import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** How long a file of tests may take, in seconds. */
const TIMEOUT = 300

export interface Outcome {
  readonly passed: number
  readonly failed: number
  /** All that it printed. */
  readonly output: string
  /** Of that, what was left out, and why. */
  readonly notes: readonly string[]
  readonly seconds: number
}

/** Runs a compiled file of tests in a process of its own. */
export async function runTest(path: string): Promise<Outcome> {
  const begin = performance.now()
  const child = spawn(process.execPath, ['--enable-source-maps', path], {
    env: { ...process.env, TAP_TIMEOUT: `${TIMEOUT}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A file ends itself after its time, unless it is too busy even for that.
    timeout: 2 * TIMEOUT * 1000,
    killSignal: 'SIGKILL',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code] = await once(child, 'close')
  const seconds = Math.round((performance.now() - begin) / 100) / 10
  const passed = count(output, 'pass')
  const failed = count(output, 'fail')
  // It can fail without having counted that, as where it can't be loaded; and what has not counted has not ended well.
  const isWhole = code === 0 && /^# \{ total: /m.test(output)
  return {
    passed,
    failed: Math.max(failed, isWhole ? 0 : 1),
    output,
    notes: output.split('\n').filter((line) => NOTE.test(line)),
    seconds,
  }
}

/** A test that is skipped, or a comment that isn't tap's own. */
const NOTE = /# (?:SKIP|TODO)|^ *# (?!Subtest|time=|\{)/

/** What tap counts in its closing line, such as `# { total: 9, pass: 8, fail: 1 }`. */
function count(output: string, what: 'pass' | 'fail'): number {
  return Number(new RegExp(`^# \\{ total: .*\\b${what}: (\\d+)`, 'm').exec(output)?.[1] ?? 0)
}

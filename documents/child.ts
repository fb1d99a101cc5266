import { writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { PlanDocument } from './outline.js'
import type { Answer } from './renderer.js'

/** How often the process looks at its memory, in milliseconds. */
const INTERVAL = 20

const TOO_MUCH_MEMORY: Answer = { reason: 'it took more memory than a document may' }

const [limit, thread = new URL('./worker.js', import.meta.url)] = process.argv.slice(2)
const memoryLimit = Number(limit)

// Nobody waits for it any more. A thread in native code would hold up any other end.
process.once('disconnect', kill)

goFirst()

/** Renders one document in a thread, and watches its memory from outside: native code knows no limit. */
process.once('message', (document: PlanDocument) => {
  const worker = new Worker(thread, {
    workerData: document,
    resourceLimits: { maxOldGenerationSizeMb: memoryLimit },
  })
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() > memoryLimit * 1024 * 1024) end(TOO_MUCH_MEMORY)
  }, INTERVAL)
  const end = (answer: Answer) => {
    clearInterval(watch)
    process.send?.(answer, kill)
  }
  // What comes after the first isn't listened to.
  worker.on('message', end)
  worker.on('error', (error) => end(failureOf(error)))
  worker.on('exit', () => end({ fault: 'its thread ended' }))
})

function failureOf(error: unknown): Answer {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return TOO_MUCH_MEMORY
  }
  return { fault: error instanceof Error ? `${error.stack}` : String(error) }
}

/** Where memory runs out, Linux is to end this process, and not the server. */
function goFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Another system has no such thing.
  }
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL')
}

// The child process of `documents.ts`: renders one plan as the server does, and tells what that took.
import { readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Renderer } from '../../documents/renderer.js'

/** How often the memory is looked at, in milliseconds. */
const INTERVAL = 10

const Plan = Type.Record(Type.String(), Type.Unknown())

process.once('message', async (message) => {
  const plan = Value.Parse(Plan, message)
  const renderer = new Renderer()
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let childMemory = 0
  let serverMemory = 0
  const look = setInterval(() => {
    serverMemory = Math.max(serverMemory, process.memoryUsage.rss() - before)
    for (const pid of children()) childMemory = Math.max(childMemory, peakOf(pid))
  }, INTERVAL)
  let longestHold = 0
  let last = now()
  let isWatched = true
  const watch = () => {
    const { time, cpuTime } = now()
    longestHold = Math.max(longestHold, Math.min(time - last.time, cpuTime - last.cpuTime))
    last = { time, cpuTime }
    if (isWatched) setImmediate(watch)
  }
  watch()
  await renderer.render({ plan, author: 'Ada', date: '2026-11-22T10:00:00Z' })
  isWatched = false
  clearInterval(look)
  await renderer.close()
  process.send?.({ cpuTime: cpuTimeOfChildren(), childMemory, serverMemory, longestHold })
  process.disconnect()
})

/** By the clock, and the CPU time of the process: where others have the core, only one of the two goes on. */
function now() {
  const { user, system } = process.cpuUsage()
  return { time: performance.now(), cpuTime: (user + system) / 1000 }
}

function children(): string[] {
  return readdirSync('/proc/self/task').flatMap((task) => {
    return readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean)
  })
}

/** The most memory that a process has had, in bytes. */
function peakOf(pid: string): number {
  try {
    const [, size = '0'] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(size) * 1024
  } catch {
    // It has just ended.
    return 0
  }
}

/** The CPU time of all children that have ended, in seconds. */
function cpuTimeOfChildren(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const ticks = Number(fields[13]) + Number(fields[14])
  return ticks / 100
}

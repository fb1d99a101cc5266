import { parentPort, workerData } from 'node:worker_threads'
import { outlineOf, type PlanDocument } from './outline.js'
import { PackagesMissing } from './packages.js'
import { toPdf } from './pdf.js'
import type { Answer } from './renderer.js'
import { toWord } from './word.js'

const document: PlanDocument = workerData

/** What the thread of a document does: see child.ts. */
async function render(): Promise<Answer> {
  const outline = outlineOf(document)
  try {
    const pdf = await toPdf(outline)
    return { docx: await toWord(outline), pdf }
  } catch (error) {
    if (error instanceof PackagesMissing) return { reason: error.message }
    throw error
  }
}

parentPort?.postMessage(await render())

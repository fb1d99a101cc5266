import { outlineOf, type PlanDocument } from './outline.js'
import { toPdf } from './pdf.js'
import type { RenderedPlan } from './renderer.js'
import { toWord } from './word.js'

/** What a thread of the renderer does. */
export default async function render(document: PlanDocument): Promise<RenderedPlan> {
  const outline = outlineOf(document)
  const docx = await toWord(outline)
  return { docx, pdf: await toPdf(outline) }
}

/** What a reader of a plan expects, in the order of research funders' templates. Matched against a key's words. */
const TOPICS = [
  /^(project|acronym|grant|funder|funding|call)\b/,
  /^(principal investigators?|pi|investigators?|contacts?|institutions?|organi[sz]ations?|partners?)\b/,
  /^(purpose|aims?|objectives?|goals?|rationale)\b/,
  /^(description|abstract|summary|overview|introduction|background|scope)\b/,
  /^(research )?(data|datasets?|data sets?)( (summary|description|overview))?$/,
  /^(data )?(types?|kinds?)\b/,
  /^(data |file )?formats?\b/,
  /^(data )?(origins?|sources?|provenance)\b/,
  /^(expected |data |estimated )*(size|volume|amount)\b/,
  /\b(collection|collecting|methods?|methodology|acquisition|generation|instruments?)\b/,
  /\b(documentation|metadata|naming|vocabular(y|ies)|ontolog(y|ies)|standards?)\b/,
  /\bquality\b/,
  /\bfair\b/,
  /\b(findab|discoverab)\w*/,
  /\baccessib\w*/,
  /\binteroperab\w*/,
  /\b(re ?use|re ?usab\w*)\b/,
  /\b(storage|storing|backups?|back up)\b/,
  /\b(security|secure|protection)\b/,
  /\b(sharing|share|access|dissemination|publication|publishing|repositor(y|ies)|open data|embargo)\b/,
  /\b(licen[cs]\w*|copyright|intellectual property|ipr?)\b/,
  /\b(preservation|archiv\w*|retention|long term|curation|disposal|destruction)\b/,
  /\b(ethic\w*|legal|privacy|gdpr|consent|personal data|compliance|anonymi[sz]ation)\b/,
  /\b(responsib\w*|roles?|governance|stewards?(hip)?)\b/,
  /\b(resources?|costs?|budget|staff|training)\b/,
]

/** Words that are written in capitals. */
const ACRONYMS = new Set(
  'api csv dmp dna doi eu fair gb gdpr html id ip ipr json kb mb orcid pdf pi pii rna sql tb uri url us xml'.split(
    ' ',
  ),
)

/** Where a plan's field stands: the place of its topic, or behind all topics. */
export function rankOf(key: string): number {
  const words = wordsOf(key).join(' ').toLowerCase().replaceAll('-', ' ')
  const rank = TOPICS.findIndex((topic) => topic.test(words))
  return rank === -1 ? TOPICS.length : rank
}

/**
 * A key as a heading: `principal_investigator` and `principalInvestigator` become "Principal investigator". What
 * somebody wrote as prose stays as it is.
 */
export function labelOf(key: string): string {
  if (key.trim() === '') return '(unnamed)'
  if (!/^[\p{L}\p{N}_-]+$/u.test(key)) return key
  const words = wordsOf(key).map((word) => {
    if (ACRONYMS.has(word.toLowerCase())) return word.toUpperCase()
    // A word in capitals is somebody's acronym.
    return /^\p{Lu}\p{Ll}/u.test(word) ? word.toLowerCase() : word
  })
  if (words.length === 0) return key
  const label = words.join(' ').replace(/\breuse\b/, 're-use')
  const [first = ''] = label
  // Only where it is one letter in both cases: a label is to have the key's letters.
  const upper = first.toUpperCase()
  return upper.length === first.length ? upper + label.slice(first.length) : label
}

function wordsOf(key: string): string[] {
  return key
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[\s_-]+/)
    .filter((word) => word !== '')
}

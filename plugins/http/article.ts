/** What begins with a vowel's letter and not its sound, as `user` does, and what does the other way round. */
const SOUNDS_LIKE_VOWEL =
  /^(hour|honou?r|heir|(?!eu|once|one(?![a-z])|u(?:ni|[bcfhjkqrstu][aeiou]))[aeiou])/i

/** A noun with its indefinite article: `a post`, `an author`, `a user`. */
export function withArticle(noun: string): string {
  return `${SOUNDS_LIKE_VOWEL.test(noun) ? 'an' : 'a'} ${noun}`
}

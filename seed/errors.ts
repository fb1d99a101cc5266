/** A fault in a data file. The message is one line: the file, the place, the fault. */
export class SeedError extends Error {
  override readonly name = 'SeedError'

  /**
   * @param place a JSON pointer, or a line and a column where the text isn't JSON; empty where the fault is the file's
   */
  constructor(file: string, place: string, fault: string) {
    // A key in the file can hold a line break.
    const oneLine = place.replace(/\p{Cc}/gu, (character) => encodeURI(character))
    super([file, oneLine, fault].filter(Boolean).join(': '))
  }
}

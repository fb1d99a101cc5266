import type { Declaration, Declarations } from './declaration.js'
import type { View } from './engine.js'

/** A collection, to code that knows no engine in particular. */
interface Declared {
  readonly declaration: Declaration
}

/**
 * Puts the collections of a view under their names.
 * @param view all that it has beside
 * @throws Error where one that is declared is missing
 */
export function withCollections<D extends Declarations>(
  view: object,
  declarations: D,
  collections: ReadonlyMap<string, Declared>,
): View<D> {
  const entries = [...collections].map(([name, value]) => [
    name,
    { value, enumerable: true, configurable: true },
  ])
  // Not by a spread, which would read once what the view gives anew each time.
  const whole: object = Object.defineProperties(view, Object.fromEntries(entries))
  if (!isViewOf(whole, declarations, collections)) throw new Error('A collection is missing')
  return whole
}

/** Whether a view has what the declarations say: each collection under its name. */
function isViewOf<D extends Declarations>(
  view: object,
  declarations: D,
  collections: ReadonlyMap<string, Declared>,
): view is View<D> {
  return Object.entries(declarations).every(([name, declaration]) => {
    const collection = collections.get(name)
    return collection?.declaration === declaration && Reflect.get(view, name) === collection
  })
}

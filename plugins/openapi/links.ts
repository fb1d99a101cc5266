import type { TSchema } from '@sinclair/typebox'

/**
 * What a link gives to the operation that it leads to: values, as runtime expressions (OpenAPI 3.1, Link Object). No
 * `requestBody`: the most used generator of clients refuses it. What goes into a body, the description says.
 */
export interface Link {
  readonly parameters?: Readonly<Record<string, string>>
  readonly description?: string
}

/** Links by the operations that they lead to. */
export type Links = Readonly<Record<string, Link & { readonly operationId: string }>>

/** Links to some operations that all take the same from an answer. */
export function to(operationIds: readonly string[], link: Link): Links {
  return Object.fromEntries(
    operationIds.map((operationId) => [operationId, { operationId, ...link }]),
  )
}

/** An answer that leads on to other operations, beside those that it leads to already. */
export function linked<S extends TSchema>(answer: S, ...links: readonly Links[]): S {
  return { ...answer, links: Object.assign({}, linksIn(answer), ...links) }
}

/** The links of an answer, by the name that `linked` gives them. */
export function linksIn(answer: TSchema): Links | undefined {
  return answer.links
}

/** Where a login leads: no expression can put a token into the header of a security scheme. */
export function withToken(operationIds: readonly string[], token: string): Links {
  return to(operationIds, { description: `Send \`${token}\` as \`Authorization: Bearer\`` })
}

/**
 * Leads from each answer about a record to what can be done with that record next.
 * @param parameter what names the record in paths
 * @param read the operation that shows it
 * @param changes the operations that change or delete it, if it still is the version that `If-Match` names
 */
export function linksOf(parameter: string, read: string, changes: readonly string[]) {
  const inPath = `$request.path.${parameter}`
  const toRead = (id: string) => to([read], { parameters: { [parameter]: id } })
  return {
    /** Of an answer that has the record's id without its ETag, such as a list that is never empty. */
    names: <S extends TSchema>(answer: S, id: string): S => linked(answer, toRead(id)),
    /** Of an answer that has the record's ETag. */
    shows: <S extends TSchema>(answer: S, id = inPath): S => {
      const parameters = { [parameter]: id, 'If-Match': '$response.header.ETag' }
      return linked(answer, toRead(id), to(changes, { parameters }))
    },
    /** Of an answer that says the record is gone: to read it is 404 now. */
    ends: <S extends TSchema>(answer: S): S => linked(answer, toRead(inPath)),
  }
}

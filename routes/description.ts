import type { TSchema } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Guard } from '../plugins/auth/guards.js'
import type { ApiError } from '../plugins/http/errors.js'
import type { Links, linksOf } from '../plugins/openapi/links.js'
import type { Store, User } from '../store/collections.js'
import type { BaseRecord, FieldOf } from '../store/declaration.js'
import type { Bound, Collection, Joined, NewRecord, Reader, Update } from '../store/engine.js'
import type { Predicate, Query, Selection } from '../store/query.js'

/** What names a record in paths. */
export interface Key<R extends BaseRecord, K extends number | string> {
  /** The name of the parameter. */
  readonly name: string
  readonly schema: TSchema & { readonly static: K }
  readonly of: (record: R) => K
  readonly find: <A>(records: Reader<R, A>, key: K) => Promise<A | undefined>
}

/** What a schema has let in, as Fastify has it. */
type Received<T> = [T] extends [undefined] ? unknown : T

/** An answer about one record. The headers that its schema declares are given: `etag`; and `location`, with 201. */
export interface Answer<R, W> {
  readonly schema: TSchema
  readonly toBody: (shown: W, record: R, request: FastifyRequest) => unknown
}

/** What an operation says of itself, in the document and to the router. */
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  /** Its path, where that is another than those of its kind have. */
  readonly at?: string
  /** What is in that path. */
  readonly params?: TSchema
  /** Who may; everybody without it. */
  readonly guard?: Guard | undefined
  /** The media types of its body, where that can be another than JSON. */
  readonly consumes?: readonly string[]
}

export interface Listing<R extends BaseRecord, W, Q> extends Operation {
  /** Answers in another way, where a request asks for that. */
  readonly instead?: (reply: FastifyReply) => FastifyReply | undefined
  readonly querystring?: TSchema & { readonly static: Q }
  /** Whether a query can ask for a field of this name, where the records have fields of any. */
  readonly isField?: (name: string, request: FastifyRequest) => boolean
  /** What is listed, and with a limit a page of it; all records without it. */
  readonly select?: (
    query: Received<Q>,
    request: FastifyRequest,
  ) => Selection<FieldOf<R>> | Query<FieldOf<R>>
  readonly schema?: TSchema
  /** Its other answers. */
  readonly answers?: Readonly<Record<number, TSchema>>
  /** What the answer has in it, where that isn't just the list. It can set headers. */
  readonly toBody?: (shown: readonly W[], page: ListedPage<Q>) => unknown
  /** Where in an answer the key of its first record is, of a list that is never empty. */
  readonly first?: string
}

interface ListedPage<Q> {
  readonly query: Received<Q>
  /** How many match in all. */
  readonly total: number
  readonly reply: FastifyReply
}

export interface Answering<R extends BaseRecord, W> extends Operation {
  readonly answer?: Answer<R, W>
}

export interface Reading<R extends BaseRecord, W> extends Answering<R, W> {
  /** Answers in another way, where a request asks for that. */
  readonly instead?: (reply: FastifyReply, record: R) => FastifyReply | undefined
  /** Its other answers. */
  readonly answers?: Readonly<Record<number, TSchema>>
  readonly querystring?: TSchema
  /** Whether a request asks for more than the record itself: that has no version, and so no ETag. */
  readonly isComposed?: (request: FastifyRequest) => boolean
}

export interface Creation<R extends BaseRecord, W, B> extends Answering<R, W> {
  readonly body: TSchema & { readonly static: B }
  /** What is stored. May refuse the body. */
  readonly fromWire: (body: Received<B>, request: FastifyRequest) => NewRecord<R>
  /** How many there may be, and what one too many is answered with, in the document's words too. */
  readonly room?: {
    readonly bounds: (request: FastifyRequest) => readonly Bound<R>[]
    readonly refusal: () => ApiError
    readonly text: string
  }
  /** Where it leads, beside to the record. */
  readonly links?: Links
}

export interface Changing<R extends BaseRecord, W, K, B> extends Answering<R, W> {
  readonly body: TSchema & { readonly static: B }
  /** What the body is in other media types that it can have: shared schemas. */
  readonly alsoAs?: Readonly<Record<string, TSchema>>
  /** What is changed. May refuse the body. */
  readonly fromWire: (
    body: Received<B>,
    request: FastifyRequest,
    key: K,
  ) => Update<R> | Promise<Update<R>>
  /** The verb for what only owners may; `change` without it. */
  readonly action?: string
  /** Its other answers. */
  readonly answers?: Readonly<Record<number, TSchema>>
}

export interface Deletion<R extends BaseRecord, W> extends Answering<R, W> {
  readonly body?: TSchema
  /** Whether a body is passed over, where none is due. */
  readonly ignoresBody?: boolean
}

/**
 * A collection as an API shows it.
 * @typeParam R its records, W the shape on the wire, K what names one
 */
export interface Subject<R extends BaseRecord, W, K extends number | string> {
  /** What errors call a record. */
  readonly kind: string
  /** What the document calls it. */
  readonly noun?: string
  /** The API. */
  readonly tag: string
  readonly path: string
  readonly key: Key<R, K>
  readonly records: (store: Store) => Collection<R>
  /** The shape on the wire: a shared schema. */
  readonly view: TSchema & { readonly static: W }
  readonly toWire: (record: R, owner: User | undefined, request: FastifyRequest) => W
  /** Whose a record is, where it shows something of that user. */
  readonly ownerId?: (record: R) => number | null
  /** The records with those users; without it each request sees its own user's records alone. */
  readonly withOwners?: (store: Store) => Reader<R, Joined<R, User>>
  /** Whether a request may know of a record: 404 otherwise. */
  readonly sees?: (request: FastifyRequest, record: R) => boolean
  /** Refuses a request that may not change a record, for a reason that doesn't change while it runs. */
  readonly permits?: (request: FastifyRequest, record: R) => void
  /** Whether a request that may not know of a record may be told so (403) when it is to change it. */
  readonly tellsOthers?: boolean
  /** What a record must be for a request to change it, and what the document says when it isn't: 403 then. */
  readonly owned?: {
    readonly where?: (request: FastifyRequest) => Partial<R>
    /** The same, of what is not a field's whole value; undefined where anything will do. */
    readonly test?: (request: FastifyRequest) => Predicate<FieldOf<R>> | undefined
    readonly text: string
  }
  readonly notFound: TSchema
  readonly links?: ReturnType<typeof linksOf>
}

/**
 * A resource: the collection, and what can be done with it.
 * @typeParam Q the list's query; C, P and M the bodies of POST, PUT and PATCH
 */
export interface Description<R extends BaseRecord, W, K extends number | string, Q, C, P, M>
  extends Subject<R, W, K> {
  readonly list?: Listing<R, W, Q>
  readonly get?: Reading<R, W>
  readonly create?: Creation<R, W, C>
  readonly replace?: Changing<R, W, K, P>
  readonly change?: Changing<R, W, K, M>
  readonly remove?: Deletion<R, W>
}

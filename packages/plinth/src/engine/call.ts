/** Owns the one form in which every door asks and is answered. */

import type { Caller } from '../access/caller.ts'
import type { Failure } from '../base/failure.ts'
import type { Answered } from '../query/answer/pieces.ts'

export type {
  Answered,
  ConnectionPieces,
  MemberCut,
  Piece,
  Pieces,
  RecordCut,
} from '../query/answer/pieces.ts'

/** A call: what a door makes of a request. */
export interface Call {
  /** Name in the catalog: `product.list`, `identity.signIn`, or `batch`, or `reads`. */
  readonly operation: string
  /** Who asks: a credential to be checked, or a caller that our own code vouches for. */
  readonly as: Credential | { readonly caller: Caller }
  /** get, update, delete: the record's id. */
  readonly id?: string
  /** get, in place of the id: every field of the model's natural key, as text. */
  readonly key?: Readonly<Record<string, string>>
  /** Parsed JSON: values of create, update (a merge patch), upsert, actions; a batch's list. */
  readonly input?: unknown
  /** Why the input could not be read: told to whoever may call at all, and to nobody else. */
  readonly unread?: Failure
  /** list and get: what to read, as parsed JSON in the form of the read grammar. */
  readonly query?: unknown
  /** True where lists are asked for as connections: with cursors of rows, and where they stand. */
  readonly connections?: boolean
  /** Of the operation `reads`: what is read together, each a list or get of a model. */
  readonly reads?: readonly ReadAsked[]
  /** True where the leaves of `query` are text from a query string, to be parsed by kind. */
  readonly queryText?: boolean
  /** If-Match: the version that the caller has seen; `any` is `*`. */
  readonly version?: number | 'any'
  /** If-None-Match on upsert: `true` only creates. */
  readonly onlyCreate?: boolean
  readonly idempotencyKey?: string
  /** True: an action is to be answered later; the reply says where to ask how far it is. */
  readonly later?: boolean
  /** Where the call came from, for limits by network. */
  readonly remoteAddress: string
  /** What the caller's program calls itself (User-Agent): told to the session's owner. */
  readonly agent?: string | undefined
  /** W3C trace id, 32 hex digits. */
  readonly traceId: string
  /** In whose course code makes this call: what the audit names. Absent: the call itself. */
  readonly within?: { readonly operation: string; readonly caller: Caller }
  /** Milliseconds on the app's clock when the answer is no longer wanted. */
  readonly deadlineMs?: number
}

/** One of several reads of a call. */
export type ReadAsked = Pick<Call, 'operation' | 'id' | 'key' | 'query'>

/** What one of several reads came to: its answer, not yet written, or why there is none. */
export type ReadPart = { readonly answer: Answered } | { readonly failure: unknown }

/** What identifies the caller of a request. */
export interface Credential {
  readonly credential: { readonly from: 'bearer' | 'cookie'; readonly token: string } | undefined
}

/** An answer. A failure is thrown as a Failure instead. */
export interface Reply {
  /** 200, 201, 202, 204. */
  readonly status: number
  /** JSON text, ready to send; undefined: no body. */
  readonly body: string | undefined
  /** The record's version where the reply is one record: its ETag. */
  readonly version?: number
  /** The id of a created record, for its address. */
  readonly id?: string
  /** The id of a call that is answered later, for its address. */
  readonly laterId?: string
  /** Where the caller stands with its limits. */
  readonly rate?: RateState
  /** True where the reply is the stored one of an earlier call with the same key. */
  readonly replayed?: boolean
  /** A session begun (`token`) or ended (null) by the call, for the door's cookie. */
  readonly session?: { readonly token: string; readonly expiresAt: string } | null
  /** Of the operation `reads`: the answers, in order. */
  readonly parts?: readonly ReadPart[]
  /** Of the same: true for a user who is no guest, and for a service. */
  readonly signedIn?: boolean
  /** Cursors of a page, for the Link header. */
  readonly page?: { readonly next: string | null; readonly previous: string | null }
}

/** The caller's bucket, for the RateLimit fields. */
export interface RateState {
  readonly policy: string
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
  readonly windowSeconds: number
}

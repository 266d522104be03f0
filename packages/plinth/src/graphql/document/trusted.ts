/** Owns which document a request means: the one it sends, or one that the app knows by its hash. */

import { Failure } from '../../base/failure.ts'

/** The documents that an app knows. */
export interface Trusted {
  readonly documents: Readonly<Record<string, string>>
  /** True: nothing else is run. */
  readonly only: boolean
}

/** What a request says about its document. */
export interface Named {
  readonly query: string | undefined
  readonly documentId?: string | undefined
}

/**
 * The text of the document that is meant.
 *
 * @throws Failure `not_found` for a name that nothing has, `forbidden` where only known ones run.
 */
export function documentOf({ documents, only }: Trusted, { query, documentId }: Named): string {
  if (documentId !== undefined) {
    const known = Object.hasOwn(documents, documentId) ? documents[documentId] : undefined
    if (known !== undefined) return known
    throw new Failure('not_found', {
      detail: 'There is no document of this id: name one of graphql.documents.',
    })
  }
  if (query === undefined) {
    throw new Failure('malformed_body', { detail: 'Give the document as "query", as text.' })
  }
  if (!only || Object.values(documents).includes(query)) return query
  throw new Failure('forbidden', {
    detail:
      'Only documents that the app knows are run here: send "documentId" in place of "query".',
  })
}

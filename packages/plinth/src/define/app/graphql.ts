/** Owns what an app declares about GraphQL: whether it is served, and which documents are run. */

/**
 * How GraphQL is served at `/api/graphql`.
 *
 * @example graphql: { documents: { 'sha256:…': 'query Home { … }' }, onlyDocuments: true }
 */
export interface GraphqlSpec {
  /**
   * Documents that clients may name in place of sending them, by `sha256:` and the hash of their
   * text in hex: what a build step of the client writes. Default none.
   */
  readonly documents?: Readonly<Record<string, string>>
  /** True: in production only these documents are run. Default false. */
  readonly onlyDocuments?: boolean
}

/** What is declared about GraphQL, with everything filled in; `false`: it is not served. */
export type Graphql = Required<GraphqlSpec> | false

/** What an app has declared about GraphQL. */
export function graphqlOf(spec: GraphqlSpec | false | undefined): Graphql {
  if (spec === false) return false
  const { documents = {}, onlyDocuments = false } = spec ?? {}
  return Object.freeze({ documents: Object.freeze({ ...documents }), onlyDocuments })
}

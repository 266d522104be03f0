/** Owns what an app declares about its front end: a built folder that is served beside the API. */

/**
 * A front end that was built, served from the app's own origin: cached as its names allow,
 * compressed, and under a strict content security policy.
 *
 * @example app({ kits: [shop], web: { folder: 'web/dist' } })
 */
export interface WebSpec {
  /**
   * The folder that the build writes, beside the file of the app: `web/dist`. What starts with a
   * dot and what is a link is never served. `index.html` answers for every address of a page.
   */
  readonly folder: string
  /** Below which address it stands, such as `/shop`. Default `/`. */
  readonly at?: string
  /**
   * The folder in it whose files carry a hash of their content in their names: browsers keep them
   * for a year, everything else is asked for anew. Default `assets`.
   */
  readonly hashed?: string
  /**
   * Sources that are added to the content security policy of its pages, by directive. An empty
   * list takes a directive away.
   *
   * @example policy: { 'img-src': ['https://images.example'] }
   */
  readonly policy?: Readonly<Record<string, readonly string[]>>
}

/** A declared front end, with its defaults. */
export type Web = Required<WebSpec>

/** What an app has declared about its front end. */
export function webOf(spec: WebSpec | undefined): Web | undefined {
  if (spec === undefined) return undefined
  const { folder, at = '/', hashed = 'assets', policy = {} } = spec
  return Object.freeze({ folder, at, hashed, policy: Object.freeze({ ...policy }) })
}

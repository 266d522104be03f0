/** Owns the form of a control of an OAuth provider: how it is taken away, and who must notice. */

/** A control that is gone with these edits; `edits` are those of `tests/access/controls.ts`. */
export interface ProviderControl {
  readonly name: string
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[]
  readonly proof: { readonly file: string; readonly options: readonly string[] }
}

type Edit = readonly [file: string, from: string, to: string]

/** A control of this name, which is gone with these edits; and the test that misses it. */
export function without(
  name: string,
  [file, pattern]: readonly string[],
  ...edits: readonly Edit[]
) {
  const path = `packages/plinth/src/identity/proof/provider/${file}.test.ts`
  const proof = { file: path, options: [`--test-name-pattern=^${pattern}`] }
  const changed = edits.map(([at, from, to]) => ({ file: at, from, to }))
  return { name, edits: changed, proof } satisfies ProviderControl
}

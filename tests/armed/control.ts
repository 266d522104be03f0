/** Owns the form of a control: how it is taken away, and which proof must notice. */

/** A control, taken away. */
export interface Control {
  readonly name: string
  /** Replaced texts, by file below `packages/plinth/src/`; each stands there exactly once. */
  readonly edits: readonly Edit[]
  /** The proof that fails without it. */
  readonly proof: Proof
}

/** A text of a file and what stands there instead. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** A test file with its arguments. */
export interface Proof {
  readonly file: string
  readonly options: readonly string[]
}

/** A control of this name, which is gone with these edits. */
export function without(name: string, proof: Proof, ...edits: readonly Edit[]): Control {
  return { name, proof, edits }
}

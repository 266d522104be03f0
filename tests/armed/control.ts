/** Owns the form of a control: how it is taken away, and which proof must notice. */

import { join } from 'node:path'

/** A control, taken away. */
export interface Control {
  readonly name: string
  /** Replaced texts, by file; each stands there exactly once. */
  readonly edits: readonly Edit[]
  /** The proof that fails without it. */
  readonly proof: Proof
}

/** A text of a file and what stands there instead. */
export interface Edit {
  /** Below `packages/plinth/src/`, or from the root where it is one of `examples/`. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** A test file with its arguments. */
export interface Proof {
  readonly file: string
  readonly options: readonly string[]
  /** True: each test that it runs has to fail. Default: one is enough. */
  readonly every?: true
}

/** A control of this name, which is gone with these edits. */
export function without(name: string, proof: Proof, ...edits: readonly Edit[]): Control {
  return { name, proof, edits }
}

/** The whole path of the file that an edit changes. */
export function pathOf(root: string, { file }: Edit): string {
  if (file.startsWith('examples/')) return join(root, file)
  return join(root, 'packages', 'plinth', 'src', file)
}

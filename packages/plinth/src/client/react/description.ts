/** Owns the description of a read: what a component asked for, as a key and as a call. */

import { named } from '../actions/actions.ts'

/** A read that was described, and not made. */
export interface Description {
  /** The same for the same read. */
  readonly key: string
  /** `data` or `actions`, then the names to its method; of `auth` its name alone. */
  readonly path: readonly [place: string, name: string, method: string]
  readonly given: readonly unknown[]
}

const describing = Object.freeze({
  ...{ data: describe('data'), actions: describe('actions') },
  auth: named((name) => described(['auth', name, ''])),
})

function describe(place: string) {
  return named((name) => named((method) => described([place, name, method])))
}

function described(path: Description['path']) {
  return (...given: readonly unknown[]): Description => {
    return { path, given, key: JSON.stringify([path, given]) }
  }
}

/** Finds out what a component reads, without reading it. */
export function describeRead(read: (client: never) => unknown): Description {
  return read(describing as never) as Description
}

/** Owns the calling of actions by their names, at once or later. */

import type { ChangeOptions } from '../call/request.ts'
import { type Calling, calling, mapped } from '../call/result.ts'
import type { Send } from '../call/send.ts'
import { kebabCase } from '../data/addresses.ts'
import { ask } from '../data/models.ts'
import type { Operation, OperationStatus } from '../typed/actions.ts'
import { operationOf } from './operation.ts'

/** An action without its types. */
export interface ErasedAction {
  (input?: unknown, options?: ChangeOptions): Calling<unknown, string>
  later(input?: unknown, options?: ChangeOptions): Calling<Operation<unknown, string>, string>
}

/** The action at an address such as `/api/shop/buy`. */
export function actionAt(send: Send, path: string): ErasedAction {
  const asked = (input: unknown) => ({ method: 'POST', path, body: input ?? {} }) as const
  const call = (input: unknown, options?: ChangeOptions) =>
    ask<unknown, string>(send, { ...asked(input), repeat: 'keyed' }, options)
  const later: ErasedAction['later'] = (input, options) => {
    const headers = { prefer: 'respond-async' }
    const begun = ask<OperationStatus<unknown>, string>(
      send,
      { ...asked(input), headers, repeat: 'keyed' },
      options,
    )
    return calling(begun.then((result) => mapped(result, ({ id }) => operationOf(send, id))))
  }
  return Object.assign(call, { later })
}

/** The actions below an address, by their names: `actions.addLine` at `…/add-line`. */
export function actionsAt(send: Send, address: string): Readonly<Record<string, ErasedAction>> {
  return named((name) => actionAt(send, `${address}/${kebabCase(name)}`))
}

/**
 * An object that has a part of any name, made when it is first asked for. `then` is not one: an
 * `await` of the object must not call it.
 */
export function named<T>(make: (name: string) => T): Readonly<Record<string, T>> {
  const made = new Map<string, T>()
  return new Proxy(Object.freeze({}) as Readonly<Record<string, T>>, {
    get(_, name) {
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined
      const part = made.get(name) ?? make(name)
      made.set(name, part)
      return part
    },
  })
}

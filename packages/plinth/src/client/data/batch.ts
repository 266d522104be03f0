/** Owns batches: several writes in one transaction, all or none. */

import { named } from '../actions/actions.ts'
import type { ChangeOptions } from '../call/request.ts'
import { type Calling, calling, mapped } from '../call/result.ts'
import type { Send } from '../call/send.ts'
import { ask } from './models.ts'

interface WireStep {
  readonly operation: string
  readonly id?: unknown
  readonly input?: unknown
  readonly version?: number
  readonly as: string
}

interface BuiltStep {
  readonly id: { readonly $ref: string }
  readonly wire: WireStep
}

type Write = 'create' | 'update' | 'delete' | 'upsert'

/** Builds the steps of a batch, and sends those that came back, in that order. */
export function runBatch(
  send: Send,
  build: (steps: never) => readonly unknown[],
  options?: ChangeOptions,
): Calling<readonly unknown[]> {
  let count = 0
  const step = (model: string, write: Write, rest: Omit<WireStep, 'operation' | 'as'>) => {
    const as = `s${count++}`
    return { id: { $ref: as }, wire: { operation: `${model}.${write}`, as, ...rest } }
  }
  const steps = named((model) => ({
    create: (input: unknown) => step(model, 'create', { input }),
    upsert: (input: unknown) => step(model, 'upsert', { input }),
    update: (id: unknown, input: unknown, more?: object) =>
      step(model, 'update', { id, input, ...more }),
    delete: (id: unknown, more?: object) => step(model, 'delete', { id, ...more }),
  }))
  const built = build(steps as never) as readonly BuiltStep[]
  const body = { operations: built.map(({ wire }) => wire) }
  const sent = ask<{ readonly results: readonly { readonly body?: unknown }[] }>(
    send,
    { method: 'POST', path: '/api/batch', body, repeat: 'keyed' },
    options,
  )
  return calling(
    sent.then((result) => mapped(result, ({ results }) => results.map(({ body }) => body))),
  )
}

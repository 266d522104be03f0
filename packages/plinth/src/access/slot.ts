/** Owns the slots of a plan: values that differ from call to call while the text stays. */

import { assert, unreachable } from '../base/assert.ts'

/**
 * A parameter of a cached plan. `value` takes the n-th value of the call (already in
 * PostgreSQL's text form), `me` the caller's id, `organisation` the one that is active, `now` the
 * clock of the call, `origin` in whose course it is made, `constant` itself.
 */
export type Slot =
  | { readonly slot: 'value'; readonly index: number }
  | { readonly slot: 'me' }
  | { readonly slot: 'organisation' }
  | { readonly slot: 'now' }
  | { readonly slot: 'origin'; readonly part: keyof Origin }
  | { readonly slot: 'constant'; readonly value: string | number | boolean | null }

/** In whose course a write is made, for the audit. */
export interface Origin {
  /** `user:<id>`, `anonymous`, or `code:<reason>`. */
  readonly actor: string
  readonly operation: string
  /** W3C trace id; empty where there is none. */
  readonly trace: string
}

/** What fills the slots of one call. */
export interface SlotInputs {
  readonly meId: string | null
  /** The caller's active organisation. */
  readonly organisationId: string | null
  /** RFC 3339. */
  readonly now: string
  /** Given with writes. */
  readonly origin?: Origin
  readonly values: readonly (string | number | boolean | null | readonly string[])[]
}

/** The caller's id. One object, so that a statement names it by one `$n`. */
export const meSlot: Slot = Object.freeze({ slot: 'me' })

/** The caller's active organisation. */
export const organisationSlot: Slot = Object.freeze({ slot: 'organisation' })

/** The call's clock. */
export const nowSlot: Slot = Object.freeze({ slot: 'now' })

/** Fills the slots of a plan for one call, in the order of `$1…$n`. */
export function fill(slots: readonly unknown[], inputs: SlotInputs): unknown[] {
  return slots.map((slot) => fillOne(slot as Slot, inputs))
}

function fillOne(slot: Slot, inputs: SlotInputs): unknown {
  switch (slot.slot) {
    case 'value': {
      const value = inputs.values[slot.index]
      assert(value !== undefined, `the call has a value ${slot.index}`)
      return value
    }
    case 'me':
      return inputs.meId
    case 'organisation':
      return inputs.organisationId
    case 'now':
      return inputs.now
    case 'origin':
      assert(inputs.origin, 'a write says in whose course it is made')
      return inputs.origin[slot.part]
    case 'constant':
      return slot.value
    default:
      return unreachable(slot, 'fill')
  }
}

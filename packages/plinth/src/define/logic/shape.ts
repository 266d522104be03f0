/** Owns shapes: named values, as actions, events and jobs take and give them. */

import type { Field, Presence } from '../field.ts'
import type { Flat, ValueOf } from '../infer.ts'

/** Named values: what an action, an event, a job or a mail is made of. */
export type Shape = Readonly<Record<string, Field>>

/** The empty shape. */
export type NoShape = Readonly<Record<never, never>>

/** A field that holds an object of a shape. Made by `object({ … })`. */
export interface ObjectField<S extends Shape, P extends Presence = Presence>
  extends Field<Values<S>, P, 'json'> {
  readonly shape: S
}

/** A field that holds a list of objects of a shape. Made by `list({ … })`. */
export interface ObjectListField<S extends Shape, P extends Presence = Presence>
  extends Field<readonly Values<S>[], P, 'json'> {
  readonly items: S
}

type NamesOf<S extends Shape, P extends Presence> = {
  [K in keyof S]: S[K] extends Field<unknown, infer X> ? (X extends P ? K : never) : never
}[keyof S]

type GivenValue<X> =
  X extends ObjectField<infer S>
    ? Given<S>
    : X extends ObjectListField<infer S>
      ? readonly Given<S>[]
      : ValueOf<X>

/** The values of a shape as code receives them: checked, defaults filled in, null where absent. */
export type Values<S extends Shape> = Flat<{
  readonly [K in keyof S]: S[K] extends Field<infer V, infer P>
    ? P extends 'optional'
      ? V | null
      : V
    : never
}>

/** The values of a shape as they are given: what is optional or has a default may be left out. */
export type Given<S extends Shape> = Flat<
  { readonly [K in NamesOf<S, 'required'>]: GivenValue<S[K]> } & {
    readonly [K in NamesOf<S, 'optional'>]?: GivenValue<S[K]> | null
  } & { readonly [K in NamesOf<S, 'defaulted'>]?: GivenValue<S[K]> }
>

/** Owns the makers of fields: one function per kind, typed from its options. */

import {
  type BigintOptions,
  bigintKind,
  binaryKind,
  booleanKind,
  choiceKind,
  type DateOptions,
  type DecimalOptions,
  dateKind,
  decimalKind,
  durationKind,
  emailKind,
  type IntegerOptions,
  instantKind,
  integerKind,
  type Json,
  jsonKind,
  listKind,
  type Money,
  type MoneyOptions,
  moneyKind,
  type OutputOf,
  objectKind,
  objectListKind,
  roleKind,
  type StandardSchema,
  slugKind,
  type TextOptions,
  textKind,
  type UrlOptions,
  urlKind,
  uuidKind,
} from '../kinds/kinds.ts'
import { type Field, type FieldOptions, field, type PresenceOf } from './field.ts'
import type { ObjectField, ObjectListField, Shape, Values } from './logic/shape.ts'

/**
 * Text. Lengths are counted in characters (code points).
 *
 * @example text({ max: 80, unique: true })
 */
export function text<const O extends TextOptions & FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'text'> {
  return field(() => textKind(options), options)
}

/** An e-mail address, in lower case. At most 254 characters. */
export function email<const O extends FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'text'> {
  return field(() => emailKind(), options)
}

/** Lower-case words joined by hyphens, for addresses: `white-lantern`. */
export function slug<const O extends { readonly max?: number } & FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'text'> {
  return field(() => slugKind(options), options)
}

/** An absolute web address, in its normal form. Default protocols `https` and `http`. */
export function url<const O extends UrlOptions & FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'text'> {
  return field(() => urlKind(options), options)
}

/** A whole number of 32 bits. */
export function integer<const O extends IntegerOptions & FieldOptions<number>>(
  options?: O,
): Field<number, PresenceOf<O>, 'number'> {
  return field(() => integerKind(options), options)
}

/** A whole number of 64 bits, as a string of digits, so that it arrives exactly. */
export function bigint<const O extends BigintOptions & FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'number'> {
  return field(() => bigintKind(options), options)
}

/** An exact decimal, as a string. Default 18 digits, 2 of them after the point. */
export function decimal<const O extends DecimalOptions & FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'number'> {
  return field(() => decimalKind(options), options)
}

/**
 * An amount of one currency (ISO 4217) in minor units: `{ amount: 255, currency: 'GBP' }`.
 * A plain whole number is taken as the amount.
 *
 * @example money('GBP', { min: 0 })
 */
export function money<
  const C extends string,
  const O extends MoneyOptions & FieldOptions<NoInfer<Money<C>>>,
>(currency: C, options?: O): Field<Money<C>, PresenceOf<O>, 'number'> {
  return field(() => moneyKind<C>(currency, options), options)
}

/** True or false. */
export function boolean<const O extends FieldOptions<boolean>>(
  options?: O,
): Field<boolean, PresenceOf<O>, 'boolean'> {
  return field(() => booleanKind(), options)
}

/**
 * One of some texts.
 *
 * @example choice(['open', 'paid', 'cancelled'], { default: 'open' })
 */
export function choice<const V extends string, const O extends FieldOptions<NoInfer<V>>>(
  values: readonly V[],
  options?: O,
): Field<V, PresenceOf<O>, 'text'> {
  return field(() => choiceKind(values), options)
}

/**
 * The name of a role: where the app declares its `roles`, one of them.
 *
 * @example list(role(), { default: [] })
 */
export function role<const O extends FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'text'> {
  return field(() => roleKind(), options)
}

/** A calendar date: `2026-11-21`. */
export function date<const O extends DateOptions & FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'moment'> {
  return field(() => dateKind(options), options)
}

/** A moment in time: RFC 3339 in UTC, to the microsecond. */
export function instant<const O extends FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'moment'> {
  return field(() => instantKind(), options)
}

/** A length of time: ISO 8601, e.g. `PT1H30M` or `P1M`. */
export function duration<const O extends FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'moment'> {
  return field(() => durationKind(), options)
}

/** A UUID in lower case. For references to other records use `belongsTo`. */
export function uuid<const O extends FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'id'> {
  return field(() => uuidKind(), options)
}

/** Any JSON value. */
export function json<const O extends FieldOptions<Json> & { readonly schema?: undefined }>(
  options?: O,
): Field<Json, PresenceOf<O>, 'json'>
/** JSON that a Standard Schema (zod, valibot, …) describes. */
export function json<S extends StandardSchema, const O extends FieldOptions<NoInfer<OutputOf<S>>>>(
  options: O & { readonly schema: S },
): Field<OutputOf<S>, PresenceOf<O>, 'json'>
export function json(
  options: FieldOptions<never> & { readonly schema?: StandardSchema | undefined } = {},
): never {
  const { schema } = options
  return field(() => (schema ? jsonKind({ schema }) : jsonKind()), options) as never
}

/** How many items a list has. */
export interface ListBounds {
  readonly min?: number
  readonly max?: number
}

/**
 * A list of scalars. Default at most 100 items.
 *
 * @example list(text({ max: 30 }), { max: 10, default: [] })
 */
export function list<V, const O extends ListBounds & FieldOptions<readonly NoInfer<V>[]>>(
  item: Field<V>,
  options?: O,
): Field<readonly V[], PresenceOf<O>, 'list'>
/**
 * A list of objects, kept as JSON. Default at most 100 of them.
 *
 * @example list({ product: id('product'), quantity: integer({ min: 1 }) }, { min: 1 })
 */
export function list<
  const S extends Shape,
  const O extends ListBounds & FieldOptions<readonly NoInfer<Values<S>>[]>,
>(items: S, options?: O): ObjectListField<S, PresenceOf<O>>
export function list(item: Field | Shape, options?: ListBounds & FieldOptions<never>): never {
  if (isField(item)) return field(() => listKind(item.kind, options), options) as never
  const made = field(() => objectListKind(membersOf(item), options) as never, options)
  return Object.freeze({ ...made, items: item }) as never
}

/**
 * An object of named values, kept as JSON.
 *
 * @example object({ street: text(), city: text() }, { optional: true })
 */
export function object<
  const S extends Shape,
  const O extends FieldOptions<NoInfer<Values<S>>> = Readonly<Record<never, never>>,
>(shape: S, options?: O): ObjectField<S, PresenceOf<O>> {
  const made = field(() => objectKind(membersOf(shape)) as never, options)
  return Object.freeze({ ...made, shape }) as never
}

/** The id of a record, as input of logic. Between models use `belongsTo`. */
export function id<const O extends FieldOptions<string>>(
  model: string,
  options?: O,
): Field<string, PresenceOf<O>, 'id'> {
  const described = { description: `The id of a ${model}.`, ...options } as O
  return field(() => uuidKind(), described)
}

function isField(item: Field | Shape): item is Field {
  return item.is === 'field'
}

/** The members of a shape as its kind needs them. */
export function membersOf(shape: Shape): ReadonlyMap<string, Field> {
  return new Map(Object.entries(shape))
}

/** Bytes, as base64url. Default at most 65,536 bytes; larger things are files. */
export function binary<const O extends { readonly maxBytes?: number } & FieldOptions<string>>(
  options?: O,
): Field<string, PresenceOf<O>, 'binary'> {
  return field(() => binaryKind(options), options)
}

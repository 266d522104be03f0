/** Owns all type-level inference: what a declaration means for rows, rules, input and output. */

import type { Kind } from '../kinds/kind.ts'
import type { Field, Presence } from './field.ts'
import type { BelongsTo, HasMany, HasOne, ManyToMany, Relation } from './relation.ts'
import type { Condition, Me, Rule, Value } from './rule.ts'

/** A field or a relation. */
export type Member = Field<any> | Relation

/** The members of one model. */
export type Members = Readonly<Record<string, Member>>

/** The members of several models, by model name. */
export type Models = Readonly<Record<string, Members>>

/** Flattens an intersection for readable messages. */
export type Flat<T> = { [K in keyof T]: T[K] }

/** The JSON and TypeScript value of a kind or field. */
export type ValueOf<X> =
  X extends Field<infer V, any, any> ? V : X extends Kind<infer V> ? V : never

// ── members by class ────────────────────────────────────────────────────────────────────────

type FieldNames<M extends Members> = {
  [K in keyof M]: M[K] extends Field<any> ? K : never
}[keyof M]

type PresenceNames<M extends Members, P extends Presence> = {
  [K in keyof M]: M[K] extends Field<any, infer X, any> ? (X extends P ? K : never) : never
}[keyof M]

type ToOneNames<M extends Members> = {
  [K in keyof M]: M[K] extends BelongsTo | HasOne ? K : never
}[keyof M]

type BelongsToNames<M extends Members, O extends boolean = boolean> = {
  [K in keyof M]: M[K] extends BelongsTo<string, infer X> ? (X extends O ? K : never) : never
}[keyof M]

/** References that callers write: not the one that `tenant` adds. */
type WrittenNames<M extends Members, O extends boolean = boolean> = {
  [K in BelongsToNames<M, O>]: M[K] extends TenantRelation ? never : K
}[BelongsToNames<M, O>]

type ManyToManyNames<M extends Members> = {
  [K in keyof M]: M[K] extends ManyToMany ? K : never
}[keyof M]

type RelationNames<M extends Members> = {
  [K in keyof M]: M[K] extends Relation ? K : never
}[keyof M]

type Singular<S> = S extends `${infer Base}ies`
  ? `${Base}y`
  : S extends `${string}auses` | `${string}ouses`
    ? WithoutS<S>
    : S extends `${string}${'us' | 'ss' | 'x' | 'ch' | 'sh'}es`
      ? WithoutEs<S>
      : WithoutS<S>

type WithoutEs<S> = S extends `${infer Base}es` ? Base : S

type WithoutS<S> = S extends `${infer Base}s` ? Base : S

type IdOf<K> = `${K & string}Id`

type TargetOf<R> = R extends { readonly target: infer T extends string } ? T : never

/** Fields that every record has. */
export interface BaseRecord {
  /** UUIDv7. */
  readonly id: string
  /** RFC 3339, UTC. */
  readonly createdAt: string
  /** RFC 3339, UTC. */
  readonly updatedAt: string
  /** Starts at 1 and grows by 1 with every change; the record's ETag. */
  readonly version: number
}

// ── rules ───────────────────────────────────────────────────────────────────────────────────

/** What every value offers inside a rule. */
export interface AnyValue<V> extends Value<V> {
  eq(other: Value<V> | V | null): Rule
  ne(other: Value<V> | V | null): Rule
  in(values: readonly (Value<V> | V)[]): Rule
  isNull(): Rule
}

/** A value with an order. */
export interface OrderedValue<V> extends AnyValue<V> {
  lt(other: Value<V> | V): Rule
  lte(other: Value<V> | V): Rule
  gt(other: Value<V> | V): Rule
  gte(other: Value<V> | V): Rule
}

/** Text inside a rule. */
export interface TextValue<V extends string = string> extends OrderedValue<V> {
  contains(part: Value<string> | string): Rule
  startsWith(part: Value<string> | string): Rule
  endsWith(part: Value<string> | string): Rule
  concat(...parts: readonly (Value<string> | string)[]): TextValue
  lower(): TextValue
  upper(): TextValue
  orElse(other: Value<V> | V): TextValue<V>
}

/** A number, decimal, bigint or amount of money inside a rule. */
export interface NumberValue<V> extends OrderedValue<V> {
  plus(other: Value<V> | V): NumberValue<V>
  minus(other: Value<V> | V): NumberValue<V>
  /** By a whole number, or by a field that holds one. */
  times(factor: Value<number> | number): NumberValue<V>
  orElse(other: Value<V> | V): NumberValue<V>
}

/** A boolean inside a rule: a condition by itself. */
export interface BooleanValue extends AnyValue<boolean> {
  and(...others: readonly Condition[]): Rule
  or(...others: readonly Condition[]): Rule
  not(): Rule
}

/** A list inside a rule. */
export interface ListValue<V> extends Value<readonly V[]> {
  has(item: Value<V> | V): Rule
  isNull(): Rule
}

type RuleValueByFamily<V> = {
  readonly text: TextValue<V & string>
  readonly number: NumberValue<V>
  readonly boolean: BooleanValue
  readonly moment: OrderedValue<V>
  readonly id: AnyValue<V>
  readonly json: Pick<AnyValue<V>, 'isNull'>
  readonly binary: Pick<AnyValue<V>, 'isNull'>
  readonly list: V extends readonly (infer Item)[] ? ListValue<Item> : never
}

type RuleValue<X> =
  X extends Field<infer V, any, infer F extends keyof RuleValueByFamily<any>>
    ? RuleValueByFamily<V>[F]
    : never

interface BaseRow {
  readonly id: AnyValue<string>
  readonly createdAt: OrderedValue<string>
  readonly updatedAt: OrderedValue<string>
  readonly version: NumberValue<number>
}

/** A to-many relation inside a rule. */
export interface RelatedRows<R> {
  /** At least one related row matches. Without a condition: there is one. */
  some(where?: (row: R) => Condition): Rule
  /** Every related row matches; true where there is none. */
  every(where: (row: R) => Condition): Rule
  /** No related row matches. */
  none(where?: (row: R) => Condition): Rule
}

/** A row inside a rule: its fields as values, to-one relations as rows, to-many as quantifiers. */
export type Row<S extends Models, M extends Members> = BaseRow & {
  readonly [K in keyof M]: M[K] extends Field<any>
    ? RuleValue<M[K]>
    : M[K] extends BelongsTo<infer T> | HasOne<infer T>
      ? Row<S, S[T]>
      : M[K] extends HasMany<infer T> | ManyToMany<infer T>
        ? RelatedRows<Row<S, S[T]>>
        : never
} & { readonly [K in BelongsToNames<M> as IdOf<K>]: AnyValue<string> }

/** The `input` of a rule on create and update: what the caller sent, null where nothing was. */
export type InputRow<M extends Members> = {
  readonly [K in FieldNames<M>]: RuleValue<M[K]> & {
    /** True where the caller sent the field, whatever its value. */
    given(): Rule
  }
} & { readonly [K in WrittenNames<M> as IdOf<K>]: AnyValue<string> & { given(): Rule } }

/** A rule: a constant such as `anyone`, or a condition over row, caller and input. */
export type RuleSource<R, I> =
  | Rule
  | ((scope: { readonly row: R; readonly me: Me; readonly input: I }) => Condition)

/** A rule about the row after an update: `before` is the row as it was. */
export type AfterSource<R, I> =
  | Rule
  | ((scope: {
      readonly row: R
      readonly before: R
      readonly me: Me
      readonly input: I
    }) => Condition)

/** Rules of an update that ask one thing of the row before the change, another after it. */
export interface UpdateRules<R, I> {
  /** Asked of the row as it was: who may change it. */
  readonly before: RuleSource<R, I>
  /** Asked of the row as it becomes: what it may be changed to. */
  readonly after: AfterSource<R, I>
}

/** A condition over the row alone. */
export type RowCondition<R> = (scope: { readonly row: R }) => Condition

/** A model's access: who may do what. What is not named is denied. */
export interface Access<R, I, N extends PropertyKey> {
  /** Who sees a record. */
  readonly read?: RuleSource<R, I>
  /** Shorthand for create, update and delete where they are not given. */
  readonly write?: RuleSource<R, I>
  readonly create?: RuleSource<R, I>
  /**
   * A rule is asked of the record before and after the change; `{ before, after }` asks each its
   * own.
   *
   * @example update: { before: ({ row }) => row.status.eq('open'), after: anyone }
   */
  readonly update?: RuleSource<R, I> | UpdateRules<R, I>
  readonly delete?: RuleSource<R, I>
  /** Narrows single fields; without an entry a field follows its record. */
  readonly fields?: {
    readonly [K in N]?: { readonly read?: RuleSource<R, I>; readonly write?: RuleSource<R, I> }
  }
}

/** The names that a rule, an index or a key can mean by a column. */
export type ColumnName<M extends Members> = FieldNames<M> | ToOneNames<M> | keyof BaseRecord

/** The formulas of a model's computed fields. */
export type Compute<R, M extends Members> = {
  readonly [K in PresenceNames<M, 'computed'>]: (scope: {
    readonly row: R
  }) => Value<NonNullable<ValueOf<M[K]>>>
}

/**
 * A member whose target is a model in sight. One plain type for all members of a kit: a condition
 * on each would make the compiler work a quarter more for every declaration.
 */
export interface InSightOf<N> {
  readonly is: Member['is']
  /** Relations only: the name of a model of the kit, or of the kits that it uses. */
  readonly target?: N | NoSuchModel
}

interface NoSuchModel {
  readonly 'there is no model of this name in the kit or the kits it uses': true
}

/**
 * Whether the records of a model belong to one organisation each: `true`, or with what happens to
 * them when it is deleted (`restrict` where it is not said).
 */
export type Tenancy = boolean | { readonly onDelete: 'restrict' | 'cascade' }

/** What the models of a kit say of `tenant`. */
export type Tenants<M> = { readonly [K in keyof M]?: unknown }

type Unsaid = {
  readonly [K in Exclude<keyof ModelSpec<any, any>, 'tenant'>]?: unknown
}

/** What a model says of `tenant`; what else it says is named, so that mistakes are told there. */
export interface TenancySaid<T> extends Unsaid {
  readonly tenant?: T
}

/** The relation that `tenant` adds to a model. */
export interface TenantRelation extends BelongsTo<'organisation', false> {
  readonly tenant: true
}

/** The members of a model, with the relation to its organisation where it is a tenant's. */
export type TenantMembers<M, T> = [T] extends [true | { readonly onDelete: string }]
  ? M & { readonly organisation: TenantRelation }
  : M

/** The models of a kit, with the relations that `tenant` adds. */
export type Tenanted<M, T> = {
  readonly [K in keyof M]: TenantMembers<M[K], K extends keyof T ? T[K] : undefined>
} extends infer S extends Models
  ? S
  : never

/**
 * One model of a kit. `S` are all models in sight, `M` the members that are declared here, `A` all
 * that it has.
 */
export interface ModelSpec<S extends Models, M extends Members, A extends Members = M> {
  readonly fields: M & { readonly [K in keyof M]: InSightOf<keyof S> }
  readonly access?: Access<Row<S, A>, InputRow<A>, FieldNames<A> | IdOf<WrittenNames<A>>>
  /** Formulas of the fields declared by `computed(…)`. */
  readonly compute?: Compute<Row<S, M>, M>
  /** Sets of columns whose values together are unique. */
  readonly unique?: readonly (readonly ColumnName<A>[])[]
  /** Sets of columns to index; single references are indexed by themselves. */
  readonly indexes?: readonly (readonly ColumnName<A>[])[]
  /** Conditions that every stored row holds, by name. */
  readonly checks?: { readonly [name: string]: RowCondition<Row<S, M>> }
  /** The natural key: columns by which records are upserted. They must be unique together. */
  readonly key?: readonly ColumnName<M>[]
  /** True: a deleted record is kept, hidden from every operation. Default false. */
  readonly softDelete?: boolean
  /**
   * True: every change of a record is recorded in its transaction, by whom and in whose course,
   * with its values before and after; the role `admin` reads it. `readers`: whoever may read the
   * record may read its history too. Default false.
   */
  readonly audit?: boolean | 'readers'
  /**
   * True: each record belongs to one organisation and is there for nobody else. It gets the active
   * one of whoever creates it; every rule also asks that it is the active one; what is unique is
   * unique in the organisation; and a record refers to records of the same organisation alone.
   * Default false.
   *
   * @example project: { tenant: true, fields: { name: text() }, access: { read: anyone } }
   */
  readonly tenant?: Tenancy
  /** The plural used in addresses, where English does not form it. */
  readonly plural?: string
  /** The model's earlier name, so that a rename keeps its rows. */
  readonly was?: string
  /** The model whose records became these, where one model was made several. Default: none. */
  readonly splitFrom?: SplitFrom
  /** One sentence for the OpenAPI document and the console. */
  readonly description?: string
}

/** Which records of another model of the kit became those of this one. */
export interface SplitFrom {
  /** The model. Where it is declared still, its records stay: only what it lost is taken. */
  readonly model: string
  /** Only the records that have these values. By names of its fields as they were. */
  readonly where?: { readonly [field: string]: string }
  /** What stood under another name, by the name it has now, such as `{ billId: 'id' }`. */
  readonly as?: { readonly [field: string]: string }
}

// ── kits ────────────────────────────────────────────────────────────────────────────────────

/** Relations that a kit adds to the models of a kit it uses, by model name. */
export type Extensions = Readonly<Record<string, Readonly<Record<string, HasMany | HasOne>>>>

/** Models with a kit's extensions merged in. */
export type Extended<S, E> = {
  readonly [K in keyof S]: K extends keyof E ? S[K] & E[K] : S[K]
}

/** A kit, for types: its own models, and those in its sight. */
export interface KitTypes<M, E> {
  readonly types?: { readonly models: M; readonly extensions: E }
}

type UnionToIntersection<U> = (U extends any ? (x: U) => void : never) extends (x: infer I) => void
  ? I
  : never

/** The models of a list of kits, merged. */
export type ModelsOfKits<U extends readonly KitTypes<any, any>[]> = U extends readonly []
  ? unknown
  : UnionToIntersection<
      U[number] extends infer K ? (K extends KitTypes<infer M, any> ? M : never) : never
    >

/** The extensions of a list of kits, merged. */
export type ExtensionsOfKits<U extends readonly KitTypes<any, any>[]> = U extends readonly []
  ? unknown
  : UnionToIntersection<
      U[number] extends infer K ? (K extends KitTypes<any, infer E> ? E : never) : never
    >

/** All models of an app, with every kit's extensions merged in. */
export type ModelsOfApp<U extends readonly KitTypes<any, any>[]> =
  Extended<ModelsOfKits<U>, ExtensionsOfKits<U>> extends infer S extends Models ? S : never

// ── business logic ──────────────────────────────────────────────────────────────────────────

type FamilyNames<M extends Members, F extends string> = {
  [K in keyof M]: M[K] extends Field<any, any, infer X> ? (X extends F ? K : never) : never
}[keyof M] &
  string

/** The names of fields that hold numbers, decimals or money. */
export type NumberNames<M extends Members> = FamilyNames<M, 'number'>

/** The names of fields that hold moments. */
export type MomentNames<M extends Members> = FamilyNames<M, 'moment'>

/** The `input` of an action's rule. */
export type RuleInput<I> = {
  readonly [K in keyof I]: RuleValue<I[K]>
}

// ── input and output ────────────────────────────────────────────────────────────────────────

/** What a create takes. */
export type CreateInput<M extends Members> = Flat<
  { readonly [K in PresenceNames<M, 'required'>]: ValueOf<M[K]> } & {
    readonly [K in PresenceNames<M, 'optional'>]?: ValueOf<M[K]> | null
  } & { readonly [K in PresenceNames<M, 'defaulted'>]?: ValueOf<M[K]> } & {
    readonly [K in WrittenNames<M, false> as IdOf<K>]: string
  } & { readonly [K in WrittenNames<M, true> as IdOf<K>]?: string | null } & {
    readonly [K in ManyToManyNames<M> as `${Singular<K> & string}Ids`]?: readonly string[]
  }
>

/**
 * What a create takes of code that works across organisations: a record of a tenant's model says
 * which one it belongs to.
 */
export type AcrossInput<M extends Members> = CreateInput<M> &
  (M extends { readonly organisation: TenantRelation }
    ? { readonly organisationId: string }
    : unknown)

/** What an update takes: a merge patch (RFC 7396). */
export type UpdateInput<M extends Members> = Flat<{
  readonly [K in keyof CreateInput<M>]?: CreateInput<M>[K]
}>

/** A record as it is read. A field that a rule hides from the caller is absent. */
export type RecordOf<M extends Members> = Flat<
  BaseRecord & {
    readonly [K in FieldNames<M>]: M[K] extends Field<infer V, infer P, any>
      ? P extends 'optional'
        ? V | null
        : V
      : never
  } & { readonly [K in BelongsToNames<M, false> as IdOf<K>]: string } & {
    readonly [K in BelongsToNames<M, true> as IdOf<K>]: string | null
  }
>

interface AnyFilter<V> {
  readonly eq?: V
  readonly ne?: V
  readonly in?: readonly V[]
  readonly notIn?: readonly V[]
  readonly isNull?: boolean
}

interface OrderedFilter<V> extends AnyFilter<V> {
  readonly lt?: V
  readonly lte?: V
  readonly gt?: V
  readonly gte?: V
}

interface TextFilter<V> extends OrderedFilter<V> {
  readonly contains?: string
  readonly icontains?: string
  readonly startsWith?: string
  readonly endsWith?: string
}

type FilterByFamily<V> = {
  readonly text: TextFilter<V>
  readonly number: OrderedFilter<V | (V extends { readonly amount: number } ? number : never)>
  readonly boolean: AnyFilter<V>
  readonly moment: OrderedFilter<V>
  readonly id: AnyFilter<V>
  readonly json: { readonly isNull?: boolean }
  readonly binary: { readonly isNull?: boolean }
  readonly list: {
    readonly has?: V extends readonly (infer Item)[] ? Item : never
    readonly isNull?: boolean
  }
}

type FieldFilter<X> =
  X extends Field<infer V, any, infer F extends keyof FilterByFamily<any>>
    ? V | FilterByFamily<V>[F]
    : never

/** A filter: conditions on fields and related records, joined by and. */
export type Filter<S extends Models, M extends Members> = {
  readonly and?: readonly Filter<S, M>[]
  readonly or?: readonly Filter<S, M>[]
  readonly not?: Filter<S, M>
  readonly id?: string | AnyFilter<string>
  readonly createdAt?: string | OrderedFilter<string>
  readonly updatedAt?: string | OrderedFilter<string>
  readonly version?: number | OrderedFilter<number>
} & {
  readonly [K in keyof M]?: M[K] extends Field<any>
    ? FieldFilter<M[K]>
    : M[K] extends BelongsTo<infer T> | HasOne<infer T>
      ? Filter<S, S[T]>
      : M[K] extends HasMany<infer T> | ManyToMany<infer T>
        ? {
            readonly some?: Filter<S, S[T]>
            readonly every?: Filter<S, S[T]>
            readonly none?: Filter<S, S[T]>
          }
        : never
} & IdFilters<BelongsToNames<M>>

// Nothing at all where there is none: beside an empty object the compiler takes any name.
type IdFilters<N> = [N] extends [never]
  ? unknown
  : { readonly [K in N as IdOf<K>]?: string | AnyFilter<string> }

/** `name` ascending, `-name` descending. */
export type SortKey<M extends Members> =
  | `${'' | '-'}${FieldNames<M> & string}`
  | `${'' | '-'}${keyof BaseRecord}`

/** Which related records to include, and what of them. */
export type Include<S extends Models, M extends Members> = {
  readonly [K in RelationNames<M>]?: true | Selection<S, S[TargetOf<M[K]>]>
}

/** What to return of each record. */
export interface Selection<S extends Models, M extends Members> {
  /** Only these fields, beside `id`. Default: all that the caller may read. */
  readonly fields?: readonly (keyof RecordOf<M>)[]
  readonly include?: Include<S, M>
  /** To-many only. */
  readonly filter?: Filter<S, M>
  /** To-many only. */
  readonly sort?: readonly SortKey<M>[]
  /** To-many only: how many. Default 20, at most 100. */
  readonly limit?: number
}

/** A list read. */
export interface Find<S extends Models, M extends Members> extends Selection<S, M> {
  /** A cursor of an earlier page: records after it. */
  readonly after?: string
  /** A cursor of an earlier page: records before it. */
  readonly before?: string
  /** `exact` counts all matches; `estimated` stops counting at 10,000. Default: no count. */
  readonly count?: 'exact' | 'estimated'
}

/** A page of records. */
export interface Page<R> {
  readonly data: readonly R[]
  readonly page: { readonly next: string | null; readonly previous: string | null }
  readonly count?: number
  /** `false` where an estimated count stopped early: there are at least so many. */
  readonly countExact?: boolean
}

type Fielded<M extends Members, Q> = Q extends { readonly fields: readonly (infer F)[] }
  ? Pick<RecordOf<M>, (F & keyof RecordOf<M>) | 'id'>
  : RecordOf<M>

/** The records that a selection returns. */
export type Selected<S extends Models, M extends Members, Q> = Flat<
  Fielded<M, Q> &
    (Q extends { readonly include: infer I }
      ? { readonly [K in keyof I & keyof M]: Included<S, M[K], I[K]> } & Cut<ListNames<M> & keyof I>
      : unknown)
>

type ListNames<M extends Members> = {
  [K in keyof M]: M[K] extends HasMany | ManyToMany ? K : never
}[keyof M]

/** `$more` names the included lists that were cut at their limit; absent where none was. */
type Cut<K> = [K] extends [never] ? unknown : { readonly $more?: readonly K[] }

type Included<S extends Models, X, Q> =
  X extends BelongsTo<infer T, infer _O>
    ? Selected<S, S[T], Q> | null
    : X extends HasOne<infer T>
      ? Selected<S, S[T], Q> | null
      : X extends HasMany<infer T> | ManyToMany<infer T>
        ? readonly Selected<S, S[T], Q>[]
        : never

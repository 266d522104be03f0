/** Owns the form of the catalog: all declarations, compiled, checked and frozen. */

import type { Service } from '../define/app/services.ts'
import type { Expression, Operand } from '../define/expression.ts'
import type { SplitFrom } from '../define/infer.ts'
import type { Action } from '../define/logic/logic.ts'
import type { Shape } from '../define/logic/shape.ts'
import type { OnDelete } from '../define/relation.ts'
import type { Kind } from '../kinds/kind.ts'
import type { CatalogLogic } from './logic/logic.ts'
import type { Organisations } from './organisations/roles.ts'

/** Everything that an app declares. Doors project its operations; planners read its models. */
export interface Catalog {
  readonly title: string
  /** By model name, in order of declaration; a model comes after none in particular. */
  readonly models: ReadonlyMap<string, Model>
  /** By operation name, e.g. `product.list`. */
  readonly operations: ReadonlyMap<string, Operation>
  /** Roles that users may hold; undefined allows any. */
  readonly roles: ReadonlySet<string> | undefined
  /** The roles of organisations; undefined: the app has none. */
  readonly organisations: Organisations | undefined
  /** Other programs of the app's own people, by name. */
  readonly services: ReadonlyMap<string, Service>
  /** What rules ask of a caller: all that changes a plan. */
  readonly askedByRules: AskedByRules
  /** Actions, events, jobs and the rest, as declared. */
  readonly logic: CatalogLogic
  /** Who may follow an event, by its name; those without a rule are followed by nobody. */
  readonly followers: ReadonlyMap<string, ValueRule>
  /** Channels with their rules, by name. */
  readonly channels: ReadonlyMap<string, ChannelPlan>
}

/** A channel and its rules. */
export interface ChannelPlan {
  readonly name: string
  readonly params: ReadonlyMap<string, ActionInput>
  /** Undefined: nothing is said there. */
  readonly message: ReadonlyMap<string, ActionInput> | undefined
  /** Undefined: nobody is shown. */
  readonly presence: ReadonlyMap<string, ActionInput> | undefined
  readonly join: ValueRule
  /** Undefined: nobody may say anything. */
  readonly publish: ValueRule | undefined
  readonly see: ValueRule
}

/** A named value that a rule may speak of. */
export interface RuleMember {
  readonly kind: Kind
  readonly optional: boolean
}

/** A rule over named values, resolved. */
export interface ValueRule {
  /** Tells rules apart. */
  readonly name: string
  readonly allow: Expression
  /** The values as the fields of a row. */
  readonly model: Model
  readonly members: ReadonlyMap<string, RuleMember>
}

/** What some rule of an app asks of a caller. */
export interface AskedByRules {
  readonly roles: ReadonlySet<string>
  readonly assurances: ReadonlySet<number>
  readonly provedMinutes: ReadonlySet<number>
  readonly permissions: ReadonlySet<string>
}

/** A model, compiled. */
export interface Model {
  readonly name: string
  readonly kit: string
  /** The word in addresses: `products`. */
  readonly plural: string
  /** PostgreSQL schema and table. */
  readonly schema: string
  readonly table: string
  /** Every column as a field, by name: declared ones, `<relation>Id`, and the base fields. */
  readonly fields: ReadonlyMap<string, ModelField>
  readonly relations: ReadonlyMap<string, ModelRelation>
  readonly access: ModelAccess
  /** The natural key: field names (relations as `<name>Id`), unique together; empty: none. */
  readonly key: readonly string[]
  readonly softDelete: boolean
  readonly uniques: readonly ModelIndex[]
  readonly indexes: readonly ModelIndex[]
  readonly checks: readonly ModelCheck[]
  /** Whether changes are recorded, and who may read the record's history beside `admin`. */
  readonly audit: 'none' | 'admin' | 'readers'
  /** The field that holds the organisation of a tenant's records; undefined: they have none. */
  readonly tenant: string | undefined
  /** False for join tables made for manyToMany: no operation names them. */
  readonly exposed: boolean
  readonly was: string | undefined
  readonly splitFrom: SplitFrom | undefined
  readonly description: string | undefined
}

/** A column of a model. */
export interface ModelField {
  readonly name: string
  readonly column: string
  readonly kind: Kind
  /** True: null is allowed. */
  readonly optional: boolean
  readonly unique: boolean
  /** A normalised constant for create; undefined: none. */
  readonly default: unknown
  /** The formula of a stored generated column. */
  readonly computed: Operand | undefined
  /** What the column is for. Only `declared` and `reference` are written by callers. */
  readonly role:
    | 'declared'
    | 'reference'
    /** The organisation of a tenant's record: filled at its creation, never written. */
    | 'tenant'
    | 'id'
    | 'createdAt'
    | 'updatedAt'
    | 'version'
    | 'deletedAt'
  /** For `reference`: the belongsTo relation's name. */
  readonly relation: string | undefined
  readonly access: FieldAccess
  readonly was: string | undefined
  readonly description: string | undefined
}

/**
 * Rules of one field. They narrow the record's own; `always` follows the record. A computed
 * field's `read` already demands the `read` of every field its formula uses.
 */
export interface FieldAccess {
  readonly read: Expression
  readonly write: Expression
}

/** Rules of a model. What was not declared is `never`. */
export interface ModelAccess {
  readonly read: Expression
  readonly create: Expression
  /** Of the row before an update. */
  readonly update: Expression
  /** Of the row after it, with the one before in `beforeScope`; the same as `update` or its own. */
  readonly updated: Expression
  readonly delete: Expression
  /**
   * That a row is of the active organisation: part of every rule above, and asked by itself of
   * code that works past them. `always` where rows have no organisation.
   */
  readonly within: Expression
}

/** A verb that a model's access speaks of. */
export type Verb = 'read' | 'create' | 'update' | 'delete'

/** A relation, resolved: `local` of this model equals `foreign` of the target. */
export interface ModelRelation {
  readonly name: string
  readonly type: 'belongsTo' | 'hasMany' | 'hasOne' | 'manyToMany'
  readonly many: boolean
  readonly target: string
  /** Field names. For belongsTo `<name>Id` → `id`; for hasMany/hasOne `id` → `<by>Id`. */
  readonly local: string
  readonly foreign: string
  /** manyToMany: the join model; its `local` field holds this id, `foreign` the target's. */
  readonly through: ModelThrough | undefined
  /** manyToMany with a made join table: the input field that sets the links (`tagIds`). */
  readonly inputName: string | undefined
  /** belongsTo only. */
  readonly onDelete: OnDelete
  /** belongsTo only: a field in which both records hold the same, whatever happens. */
  readonly within: string | undefined
}

/** The join model of a manyToMany. */
export interface ModelThrough {
  readonly model: string
  readonly local: string
  readonly foreign: string
}

/** An index over columns, by field names. */
export interface ModelIndex {
  readonly name: string
  readonly fields: readonly string[]
}

/** A named condition over the row's own fields. */
export interface ModelCheck {
  readonly name: string
  readonly condition: Expression
}

/** One entry of the table of operations. */
export type Operation = ModelOperation | ActionOperation

/** What can be done with every exposed model. */
export interface ModelOperation {
  readonly name: string
  readonly type: 'list' | 'get' | 'create' | 'update' | 'delete' | 'upsert'
  readonly model: Model
}

/** A named piece of business logic: declared by the app, or of a built-in kit. */
export interface ActionOperation {
  readonly name: string
  readonly type: 'action'
  readonly kit: string
  /** The first part of its address, where it is not the kit's name: `orders`. */
  readonly base?: string
  /** The last part of its address: `sign-in`. */
  readonly path: string
  /** True: it changes nothing and is served by GET and QUERY. */
  readonly safe: boolean
  readonly input: ReadonlyMap<string, ActionInput>
  readonly description: string
  /** What the app has declared; undefined for a built-in action. */
  readonly declared?: DeclaredAction
}

/** One named value of an action's input. */
export interface ActionInput {
  readonly name: string
  readonly kind: Kind
  readonly optional: boolean
  /** Used where nothing is given; undefined: none. */
  readonly default?: unknown
  readonly description?: string | undefined
}

/** An action of the app, compiled. */
export interface DeclaredAction {
  readonly action: Action
  /** Over `me` and `input` alone; the fields of `model` are those of the input. */
  readonly allow: Expression
  /** The input as a model without a table, for the rule. */
  readonly inputModel: Model
  readonly output: ActionOutput
}

/** What an action answers with. */
export type ActionOutput =
  | { readonly is: 'nothing' }
  /** Named values. */
  | { readonly is: 'values'; readonly shape: Shape }
  /** A record, as the caller may read it. */
  | { readonly is: 'record'; readonly model: string }

/** Owns the four relations between models. Targets are named, so that models can be mutual. */

/** What happens to this record when the one it belongs to is deleted. */
export type OnDelete = 'restrict' | 'cascade' | 'clear'

/** A reference to one record of another model: a column `<name>Id` here. */
export interface BelongsTo<T extends string = string, O extends boolean = boolean> {
  readonly is: 'belongsTo'
  readonly target: T
  readonly optional: O
  readonly unique: boolean
  readonly onDelete: OnDelete
  readonly was: string | undefined
  readonly description: string | undefined
}

/** Records of another model that belong to this one. */
export interface HasMany<T extends string = string> {
  readonly is: 'hasMany'
  readonly target: T
  /** The `belongsTo` on the other side; found by itself where there is just one. */
  readonly by: string | undefined
}

/** At most one record of another model that belongs to this one. */
export interface HasOne<T extends string = string> {
  readonly is: 'hasOne'
  readonly target: T
  readonly by: string | undefined
}

/** Records of another model, linked in pairs; a join table is kept for it. */
export interface ManyToMany<T extends string = string> {
  readonly is: 'manyToMany'
  readonly target: T
  /** A declared model that belongs to both sides; without it a join table is made. */
  readonly through: string | undefined
}

/** Any relation. */
export type Relation = BelongsTo | HasMany | HasOne | ManyToMany

/** Options of `belongsTo`. */
export interface BelongsToOptions<O extends boolean> {
  /** True: the reference may be null. Default false. */
  readonly optional?: O
  /** True: no two records refer to the same one. Default false. */
  readonly unique?: boolean
  /** Default `restrict`: the other record cannot be deleted while this one refers to it. */
  readonly onDelete?: OnDelete
  /** The relation's earlier name, so that a rename keeps its data. */
  readonly was?: string
  /** One sentence for the OpenAPI document and the console. */
  readonly description?: string
}

/** This record refers to one record of `target`; its id is the field `<name>Id`. */
export function belongsTo<T extends string, const O extends boolean = false>(
  target: T,
  options: BelongsToOptions<O> = {},
): BelongsTo<T, O> {
  return Object.freeze({
    is: 'belongsTo',
    target,
    optional: (options.optional ?? false) as O,
    unique: options.unique ?? false,
    onDelete: options.onDelete ?? 'restrict',
    was: options.was,
    description: options.description,
  })
}

/** Records of `target` refer to this one by a `belongsTo`. */
export function hasMany<T extends string>(
  target: T,
  options: { readonly by?: string } = {},
): HasMany<T> {
  return Object.freeze({ is: 'hasMany', target, by: options.by })
}

/** At most one record of `target` refers to this one: its `belongsTo` must be `unique`. */
export function hasOne<T extends string>(
  target: T,
  options: { readonly by?: string } = {},
): HasOne<T> {
  return Object.freeze({ is: 'hasOne', target, by: options.by })
}

/** This record and records of `target` are linked in pairs; written as `<singular>Ids`. */
export function manyToMany<T extends string>(
  target: T,
  options: { readonly through?: string } = {},
): ManyToMany<T> {
  return Object.freeze({ is: 'manyToMany', target, through: options.through })
}

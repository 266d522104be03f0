/** Owns the form of a schema: the same for what is declared and for what the database holds. */

/** Tables of the kits. */
export interface Schema {
  /** PostgreSQL schemas, one a kit. */
  readonly schemas: readonly string[]
  readonly tables: readonly Table[]
}

/** The place of a table. */
export interface TableName {
  readonly schema: string
  readonly name: string
}

/** A table. */
export interface Table extends TableName {
  /** What people call it: the model's name. */
  readonly label: string
  /** The earlier name of the table. */
  readonly was?: string
  /** Whose rows it takes, where one table was made several. */
  readonly splitFrom?: Splitting
  readonly columns: readonly Column[]
  readonly primary?: Primary
  readonly checks: readonly Check[]
  readonly indexes: readonly Index[]
  readonly references: readonly Reference[]
}

/** Which rows of another table of the schema become those of a table, in names of columns. */
export interface Splitting {
  readonly table: string
  /** What the rows hold that are taken. */
  readonly where: readonly { readonly column: string; readonly value: string }[]
  /** What stood under another name, by the name that it has now. */
  readonly as: Readonly<Record<string, string>>
}

/** A column. */
export interface Column {
  readonly name: string
  /** What people call it: the field's name. */
  readonly label: string
  /** As `format_type` prints it. */
  readonly type: string
  /** `C` for texts; undefined where the type has no collation or its own. */
  readonly collation?: string
  /** True: not null. */
  readonly required: boolean
  /** The expression of a stored generated column. */
  readonly formula?: string
  readonly was?: string
  /** The SQL literal that fills the rows of a table when the column is new or becomes required. */
  readonly fill?: string
  /** What to do where rows are there and nothing fills it, if not the usual. */
  readonly cure?: string
}

/** What a name is made of, so that it can follow a rename. */
export interface Naming {
  readonly columns: readonly string[]
  readonly word: string
}

/** The primary key. */
export interface Primary {
  readonly name: string
  readonly columns: readonly string[]
}

/** A CHECK constraint. */
export interface Check extends Naming {
  readonly name: string
  readonly expression: string
}

/** An index over plain columns. */
export interface Index extends Naming {
  readonly name: string
  /** Absent: a B-tree. */
  readonly method?: 'hash'
  readonly unique: boolean
  /** True: it spans only the rows that are not (softly) deleted. */
  readonly kept: boolean
}

/** A foreign key to the `id` of another table. */
export interface Reference {
  readonly name: string
  readonly column: string
  /** A column of both tables in which the two rows hold the same. */
  readonly within?: string
  readonly target: TableName
  readonly onDelete: OnDelete
}

/**
 * What a delete of the target does. `no action` rather than `restrict`: both refuse, but this one
 * at the end of the statement, so that a cascade may remove both sides in any order.
 */
export type OnDelete = 'no action' | 'restrict' | 'set null' | 'set default' | 'cascade'

/** What the database holds. */
export interface LiveSchema extends Schema {
  readonly tables: readonly LiveTable[]
}

/** A table as the database holds it. */
export interface LiveTable extends Table {
  readonly checks: readonly LiveCheck[]
  readonly indexes: readonly LiveIndex[]
  readonly references: readonly LiveReference[]
  /** True where it may hold rows: something was written to it once. */
  readonly full: boolean
  /** Names of indexes that Plinth never makes: expressions, other methods, other conditions. */
  readonly otherIndexes: readonly string[]
  /** Columns with a default of the database; Plinth's have none. */
  readonly defaults: readonly string[]
}

/** A CHECK constraint of the database; `columns` are all that it reads. */
export interface LiveCheck extends Check {
  readonly valid: boolean
}

/** An index of the database. */
export interface LiveIndex extends Index {
  /** False: a concurrent build broke off. */
  readonly valid: boolean
}

/** A foreign key of the database. */
export interface LiveReference extends Reference {
  readonly valid: boolean
}

/** `catalog.product`: the key of a table in maps and lists. */
export function tableKey({ schema, name }: TableName): string {
  return `${schema}.${name}`
}

/** The member of a list by its name. */
export function named<T extends { readonly name: string }>(
  list: readonly T[],
  name: string,
): T | undefined {
  return list.find((each) => each.name === name)
}

/** Identities of all that a schema holds: what Plinth remembers as its own. */
export function identities(schema: Schema): readonly string[] {
  return schema.tables.flatMap((table) => {
    const key = tableKey(table)
    const objects = [...table.checks, ...table.indexes, ...table.references]
    return [
      key,
      ...table.columns.map(({ name }) => columnIdentity(table, name)),
      ...objects.map(({ name }) => objectIdentity(table, name)),
    ]
  })
}

/** The identity of a column. */
export function columnIdentity(table: TableName, column: string): string {
  return `${tableKey(table)}.${column}`
}

/** The identity of a constraint or index. */
export function objectIdentity(table: TableName, name: string): string {
  return `${tableKey(table)}#${name}`
}

/** Owns gathering all that a file says before anything is stored: the sink of an import. */

import { Failure } from '../../../base/failure.ts'
import { uuidSource } from '../../../base/ids.ts'
import { limits } from '../../../base/limits.ts'
import type { Clock } from '../../../base/time.ts'
import type { Session } from '../../../database/database.ts'
import { sql, statement } from '../../../sql/fragment.ts'
import type { ReadRow } from '../rows.ts'
import type { ModelShape } from '../shape.ts'
import { type Fold, foldArrays, foldPut } from './fold.ts'
import {
  type ImportOrigin,
  type MergeCount,
  type MergeSetting,
  mergeStage,
  type RejectedRecord,
} from './merge.ts'
import { createStageTable, insertStatement, referencesOf, type StageTable } from './table.ts'

/** What came of all records, by model. */
export interface StageResult {
  readonly counts: ReadonlyMap<string, MergeCount>
  /** Reasons of the records that could not be stored, by model and key. */
  readonly rejected: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/**
 * Everything that the rows of a file say, merged by record in temporary tables of one connection,
 * and only then brought into the models. So the outcome is a function of the whole file: whichever
 * row of many decides a value decides it once, a second run finds nothing to change, and a run
 * that was killed at any point has stored final values only or nothing.
 */
export class ImportStage {
  readonly #session: Session
  readonly #clock: Clock
  readonly #origin: ImportOrigin
  readonly #newId: () => string
  readonly #tables = new Map<string, StageTable>()
  /** References that rows made: they decide the order of storing. */
  readonly #used = new Map<string, Set<string>>()

  /** `session` is a connection of the import's own, outside a transaction. */
  constructor(session: Session, { clock, origin }: Pick<MergeSetting, 'clock' | 'origin'>) {
    this.#session = session
    this.#clock = clock
    this.#origin = origin
    this.#newId = uuidSource(clock)
  }

  /** Adds what some rows say. Rows that were not taken say nothing. */
  async add(rows: readonly ReadRow[]): Promise<void> {
    const folds = new Map<ModelShape, Fold>()
    for (const { puts, number } of rows) {
      for (const put of puts ?? []) {
        const fold = folds.get(put.shape) ?? new Map()
        folds.set(put.shape, fold)
        foldPut(fold, put, number)
      }
    }
    for (const [shape, fold] of folds) {
      this.#noteReferences(shape, fold)
      const table = await this.#tableOf(shape)
      const arrays = foldArrays(shape, fold, this.#newId)
      const text = insertStatement(table, arrays)
      await this.#session.query({ ...text, name: `plinth_import_${table.index}` })
    }
  }

  /** How many records are gathered. */
  async size(): Promise<number> {
    let records = 0
    for (const table of this.#tables.values()) records += await countRecords(this.#session, table)
    return records
  }

  /**
   * Brings everything into the models, related records first.
   *
   * @throws Failure `declaration_invalid` where models refer to each other in a circle, or
   * `invalid_input` where more records than `limits.importRejectedRecordsMax` cannot be stored.
   */
  async store(advanced: (records: number) => void): Promise<StageResult> {
    const counts = new Map<string, MergeCount>()
    const reasons = new Map<string, Map<string, string>>()
    let rejections = 0
    const rejected = ({ model, key, reason }: RejectedRecord): void => {
      rejections += 1
      if (rejections > limits.importRejectedRecordsMax) throw tooMany()
      reasons.set(model, (reasons.get(model) ?? new Map<string, string>()).set(key, reason))
    }
    const by = { clock: this.#clock, origin: this.#origin }
    const setting = { session: this.#session, ...by, advanced, rejected }
    for (const table of this.#inOrder()) {
      counts.set(table.shape.model.name, await mergeStage(table, setting))
    }
    return { counts, rejected: reasons }
  }

  async #tableOf(shape: ModelShape): Promise<StageTable> {
    const known = this.#tables.get(shape.model.name)
    if (known) return known
    const table = await createStageTable(this.#session, shape, this.#tables.size)
    this.#tables.set(shape.model.name, table)
    return table
  }

  #noteReferences(shape: ModelShape, fold: Fold): void {
    const used = this.#used.get(shape.model.name) ?? new Set()
    this.#used.set(shape.model.name, used)
    for (const { at, target } of referencesOf(shape)) {
      if (used.has(target.model.name)) continue
      for (const { cells } of fold.values()) {
        if (cells[at] === null) continue
        used.add(target.model.name)
        break
      }
    }
  }

  /** Models whose records are referred to come before those that refer to them. */
  #inOrder(): readonly StageTable[] {
    const ordered: StageTable[] = []
    const visit = (model: string, above: readonly string[]): void => {
      const table = this.#tables.get(model)
      if (!table || ordered.includes(table)) return
      if (above.includes(model)) throw circle([...above, model])
      for (const target of this.#used.get(model) ?? []) visit(target, [...above, model])
      ordered.push(table)
    }
    for (const model of this.#tables.keys()) visit(model, [])
    return ordered
  }
}

async function countRecords(session: Session, { table }: StageTable): Promise<number> {
  const { rows } = await session.query(statement(sql`select count(*) from ${table}`))
  return Number(rows[0]?.[0] ?? 0)
}

function circle(models: readonly string[]): Failure {
  const cure = 'Leave one reference out, and add it by a second import.'
  const detail = `The imported records refer to each other: ${models.join(' → ')}. ${cure}`
  return new Failure('declaration_invalid', { detail })
}

function tooMany(): Failure {
  const most = limits.importRejectedRecordsMax
  const detail = `More than ${most} records cannot be stored. Check the importer and the file.`
  return new Failure('invalid_input', { detail })
}

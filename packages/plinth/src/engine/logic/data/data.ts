/** Owns the data of a transaction: the models as methods, under one caller's rules. */

import { type Caller, organisationOf, type UnrestrictedCaller } from '../../../access/caller.ts'
import { present } from '../../../base/assert.ts'
import type { Catalog, Model, ModelOperation } from '../../../catalog/catalog.ts'
import type { Session } from '../../../database/database.ts'
import type { Members, Models } from '../../../define/infer.ts'
import type { LogicData, LogicModel } from '../../../define/logic/scope.ts'
import type { Call, Reply } from '../../call.ts'
import { beginModelOperation } from '../../models.ts'
import type { Runtime } from '../../runtime.ts'
import { consumeRecord, giveBackRecord, lockRecord, takeFromRecord } from './records.ts'
import type { TwoSteps } from './two-steps.ts'

/** What the data of one caller works in. */
export interface DataSetting {
  readonly runtime: Runtime
  readonly session: Session
  readonly caller: Caller
  readonly traceId: string
  /** In whose course: what the audit names. */
  readonly within: NonNullable<Call['within']>
  /** Runs work of the scope: fails once the scope has ended, and keeps track of what it started. */
  readonly start: <T>(what: string, work: () => T | Promise<T>) => Promise<T>
  readonly twoSteps: TwoSteps | undefined
  /** Notes a row that others may want at the same time. */
  readonly touched: (model: Model, id: string) => void
}

type Versioned = { readonly version?: number }

/** One model under one caller's rules, as `LogicModel` types it. */
class ModelHandle {
  readonly #setting: DataSetting
  readonly #model: Model

  constructor(setting: DataSetting, model: Model) {
    this.#setting = setting
    this.#model = model
  }

  find(query: object = {}): Promise<unknown> {
    return this.#ask('list', { query })
  }

  get(id: string, query?: object): Promise<unknown> {
    // One that asks for nothing special is known already.
    return this.#ask('get', query === undefined ? { id } : { id, query })
  }

  create(input: object): Promise<unknown> {
    return this.#ask('create', { input })
  }

  update(id: string, input: object, { version }: Versioned = {}): Promise<unknown> {
    this.#setting.touched(this.#model, id)
    // A version that is demanded notices what others have changed.
    if (version === undefined) this.#setting.twoSteps?.write(this.#model, id, input)
    return this.#ask('update', { id, input, ...(version === undefined ? {} : { version }) })
  }

  delete(id: string, { version }: Versioned = {}): Promise<unknown> {
    this.#setting.touched(this.#model, id)
    return this.#ask('delete', { id, ...(version === undefined ? {} : { version }) })
  }

  upsert(input: object): Promise<unknown> {
    return this.#ask('upsert', { input })
  }

  lock(id: string): Promise<unknown> {
    return this.#at(id, 'lock', (scope) => lockRecord(scope, this.#model))
  }

  takeWithinLimit(id: string, taking: object): Promise<boolean> {
    return this.#at(id, 'takeWithinLimit', (scope) => takeFromRecord(scope, this.#model, taking))
  }

  giveBack(id: string, taking: object): Promise<void> {
    return this.#at(id, 'giveBack', (scope) => giveBackRecord(scope, this.#model, taking))
  }

  consumeOnce(id: string, field: string): Promise<boolean> {
    return this.#at(id, 'consumeOnce', (scope) => consumeRecord(scope, this.#model, field))
  }

  #at<T>(id: string, what: string, work: (scope: RecordScope) => Promise<T>): Promise<T> {
    const { start, touched, twoSteps } = this.#setting
    touched(this.#model, id)
    twoSteps?.hold(this.#model, id)
    const operation = `${this.#model.name}.${what}`
    return start(operation, () => work(scopeOf(this.#setting, { operation, id })))
  }

  #note(type: ModelOperation['type'], record: unknown): void {
    const { twoSteps } = this.#setting
    if (twoSteps === undefined) return
    const one = record as { readonly id?: unknown; readonly data?: readonly unknown[] } | undefined
    if (type === 'list') twoSteps.read(this.#model, one?.data ?? [])
    else if (type === 'get') twoSteps.read(this.#model, [record])
    else if (one !== undefined) twoSteps.hold(this.#model, one.id)
  }

  #ask(type: ModelOperation['type'], rest: Partial<Call>): Promise<unknown> {
    const name = `${this.#model.name}.${type}`
    return this.#setting.start(name, () => {
      const { catalog } = this.#setting.runtime
      const operation = present(catalog.operations.get(name), name) as ModelOperation
      const scope = scopeOf(this.#setting, { operation: name, ...rest })
      const reply = beginModelOperation(scope, operation)
      // What was foreseen is told without a wait.
      if (!(reply instanceof Promise)) return this.#told(type, reply)
      return reply.then((came) => this.#told(type, came))
    })
  }

  #told(type: ModelOperation['type'], reply: Reply): unknown {
    const record = recordOf(reply)
    const { caller, within } = this.#setting
    // Only the eyes of whoever is answered count, and a weak map costs each collection.
    const counts = caller === within.caller && type !== 'list'
    if (counts && typeof record === 'object' && record !== null) {
      seen.set(record, { caller, model: this.#model.name })
    }
    this.#note(type, record)
    return record
  }
}

const seen = new WeakMap<object, { readonly caller: Caller; readonly model: string }>()

/** True for a record of the model that was read, or written, under this caller's rules. */
export function isSeenRecord(record: object, caller: Caller, model: string): boolean {
  const known = seen.get(record)
  return known?.caller === caller && known.model === model
}

/** What an operation on records runs with. */
export type RecordScope = ReturnType<typeof scopeOf>

function scopeOf(
  { runtime, session, caller, traceId, within }: DataSetting,
  asked: Pick<Call, 'operation'> & Partial<Call>,
) {
  const call: Call = { as: { caller }, remoteAddress: '', traceId, within, ...asked }
  return { runtime, session, caller, call }
}

/** A record as code has it; undefined where the caller may not read what it has written. */
export function recordOf({ body }: Reply): unknown {
  return body === undefined ? undefined : (JSON.parse(body) as unknown)
}

type Handles = Readonly<Record<string, LogicModel<Models, Members>>>

type HandlesClass = new (setting: DataSetting) => Handles

const classes = new WeakMap<Catalog, HandlesClass>()

/**
 * The data of a transaction: under the caller's rules, and past them by name. A model costs nothing
 * until it is used.
 */
export function logicData(setting: DataSetting): LogicData<Models> {
  const { catalog } = setting.runtime
  const known = classes.get(catalog) ?? handlesClass(catalog)
  classes.set(catalog, known)
  return new known(setting) as unknown as LogicData<Models>
}

/** Made once per app: to define what is got at its first use costs more than a statement. */
function handlesClass(catalog: Catalog): HandlesClass {
  const across = modelsClass(catalog)
  const past = withGetter(modelsClass(catalog), 'acrossOrganisations', (setting) => {
    return new across({ ...setting, caller: { ...codeOf(setting), acrossOrganisations: true } })
  })
  return withGetter(modelsClass(catalog), 'unrestricted', (setting) => {
    return new past({ ...setting, caller: codeOf(setting) })
  })
}

/** The code of some logic, past all rules, in the organisation of whoever caused it. */
function codeOf({ within, caller }: DataSetting): UnrestrictedCaller {
  return {
    is: 'unrestricted',
    reason: within.operation,
    organisation: organisationOf(caller),
  }
}

/** Has a getter for each model that makes its handle at the first use. */
class OwnHandles {
  readonly #setting: DataSetting
  readonly #made = new Map<unknown, unknown>()

  constructor(setting: DataSetting) {
    this.#setting = setting
  }

  static get<K, T>(handles: OwnHandles, key: K, make: (setting: DataSetting, key: K) => T): T {
    const known = handles.#made.get(key) as T | undefined
    if (known !== undefined) return known
    const made = make(handles.#setting, key)
    handles.#made.set(key, made)
    return made
  }
}

const handleOf = (setting: DataSetting, model: Model): ModelHandle =>
  new ModelHandle(setting, model)

function modelsClass(catalog: Catalog): HandlesClass {
  class AppHandles extends OwnHandles {}
  for (const model of catalog.models.values()) {
    if (!model.exposed) continue
    Object.defineProperty(AppHandles.prototype, model.name, {
      enumerable: true,
      get(this: OwnHandles) {
        return OwnHandles.get(this, model, handleOf)
      },
    })
  }
  return AppHandles as unknown as HandlesClass
}

/** The same, with something that is made at its first use. */
function withGetter(
  handles: HandlesClass,
  word: string,
  make: (setting: DataSetting, word: string) => Handles,
): HandlesClass {
  Object.defineProperty(handles.prototype, word, {
    get(this: OwnHandles) {
      return OwnHandles.get(this, word, make)
    },
  })
  return handles
}

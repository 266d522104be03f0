/** Owns the compilation of declared actions: their addresses, inputs, rules and answers. */

import { Failure, failureKinds } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { type Expression, never } from '../../define/expression.ts'
import { instant, uuid } from '../../define/fields.ts'
import type { Action } from '../../define/logic/logic.ts'
import { expressionOf, inputNode, me } from '../../define/rule.ts'
import type { ActionInput, ActionOperation, ActionOutput, Model, ModelField } from '../catalog.ts'
import type { Asked, Setting } from '../expressions/places.ts'
import { type Mistakes, suggestion } from '../mistakes.ts'
import { kebabCase, nameProblem } from '../names.ts'
import { resolveExpression } from '../resolve.ts'
import { logicName } from './logic.ts'

/** What actions are compiled with. */
export interface ActionSetting {
  readonly actions: ReadonlyMap<string, Action>
  readonly models: ReadonlyMap<string, Model>
  readonly mistakes: Mistakes
  readonly roles: ReadonlySet<string> | undefined
  readonly organisations: Setting['organisations']
  readonly services: Setting['services']
  readonly asked: Asked
}

/** Compiles the declared actions into operations. */
export function actionsOf(setting: ActionSetting): readonly ActionOperation[] {
  return [...setting.actions.values()].map((action) => compileAction(action, setting))
}

function compileAction(action: Action, setting: ActionSetting): ActionOperation {
  const name = logicName(action)
  const input = inputOf(action, setting)
  const base = baseOf(action, setting)
  const inputModel = inputModelOf(name, input)
  checkFailures(action, setting)
  checkTime(action, setting)
  if (action.money && action.safe) {
    setting.mistakes.add(name, 'is safe and money: what only reads moves no money')
  }
  return Object.freeze({
    ...({ name, type: 'action', kit: action.kit, input, safe: action.safe } as const),
    base,
    path: kebabCase(action.name),
    description: action.description ?? '',
    declared: Object.freeze({
      action,
      allow: allowOf(action, { ...setting, inputModel }),
      inputModel,
      output: outputOf(action, setting),
    }),
  })
}

function baseOf({ kit, on, name }: Action, { models, mistakes }: ActionSetting): string {
  if (on === undefined) return kebabCase(kit)
  const model = models.get(on)
  if (model?.exposed) return model.plural
  mistakes.add(`${kit}.${name}.on`, `there is no model "${on}"${suggestion(on, models.keys())}`)
  return kebabCase(kit)
}

/** Words that a call's own parameters and preferences use. */
const reservedInputs: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function inputOf(action: Action, { mistakes }: ActionSetting): ReadonlyMap<string, ActionInput> {
  const place = `${logicName(action)}.input`
  const inputs = new Map<string, ActionInput>()
  for (const [name, field] of Object.entries(action.input)) {
    const problem = nameProblem(name)
    if (problem) mistakes.add(`${place}.${name}`, `"${name}" ${problem}`)
    if (reservedInputs.has(name)) mistakes.add(`${place}.${name}`, 'choose another name')
    if (field?.is !== 'field') {
      mistakes.add(`${place}.${name}`, 'is no field: write text(), integer(), id("…") and so on')
      continue
    }
    const { kind, optional, default: fallback, description } = field
    const input = { name, kind, optional, default: fallback, description }
    inputs.set(name, Object.freeze(input))
  }
  return inputs
}

/** The base fields stand for the kinds of `me.id` and of the clock. */
function inputModelOf(name: string, inputs: ReadonlyMap<string, ActionInput>): Model {
  const fields = new Map<string, ModelField>()
  fields.set('id', inputField('id', { kind: uuid().kind, optional: false }, 'id'))
  fields.set(
    'createdAt',
    inputField('createdAt', { kind: instant().kind, optional: false }, 'createdAt'),
  )
  for (const input of inputs.values()) fields.set(input.name, inputField(input.name, input))
  return Object.freeze({
    ...{ name, kit: '', plural: '', schema: '', table: '', fields, relations: new Map() },
    access: {
      ...{ read: never, create: never, update: never, updated: never, delete: never },
      within: never,
    },
    ...({
      key: [],
      softDelete: false,
      uniques: [],
      indexes: [],
      checks: [],
      audit: 'none',
      tenant: undefined,
    } as const),
    ...{ exposed: false, was: undefined, description: undefined },
  })
}

function inputField(
  name: string,
  { kind, optional }: Pick<ActionInput, 'kind' | 'optional'>,
  role: ModelField['role'] = 'declared',
): ModelField {
  return Object.freeze({
    ...{ name, column: name, kind, optional, role, unique: false },
    ...{ default: undefined, computed: undefined, relation: undefined },
    access: { read: never, write: never },
    ...{ was: undefined, description: undefined },
  })
}

function allowOf(
  action: Action,
  {
    mistakes,
    roles,
    organisations,
    services,
    asked,
    inputModel,
  }: ActionSetting & { readonly inputModel: Model },
): Expression {
  const place = `${logicName(action)}.allow`
  if (action.allow === undefined) {
    mistakes.add(place, 'needs a rule: say who may call it, by anyone where everybody may')
    return never
  }
  const fields = new Map(
    [...inputModel.fields].map(([name, field]) => [name, { ...field, isComputed: false }]),
  )
  const model = { name: 'input', fields, relations: new Map() }
  const rule: Setting = {
    ...{ place, mistakes, roles, organisations, services, asked, model },
    models: new Map(),
    use: 'rule',
  }
  try {
    const source: unknown =
      typeof action.allow === 'function'
        ? (action.allow as (scope: object) => unknown)(
            Object.assign(Object.create(noRow), { me, input: inputNode() }),
          )
        : action.allow
    return freezeDeep(resolveExpression(expressionOf(source), rule))
  } catch (error) {
    mistakes.add(place, error instanceof Error ? error.message : String(error))
    return never
  }
}

/** An action is called on no record; a rule over one belongs to the record's model. */
const noRow = {
  get row(): never {
    throw new Failure('declaration_invalid', {
      detail: 'an action has no row: ask about me and input, and leave records to data',
    })
  },
}

function outputOf(action: Action, { models, mistakes }: ActionSetting): ActionOutput {
  const { output } = action
  const place = `${logicName(action)}.output`
  if (output === undefined) return { is: 'nothing' }
  if (typeof output === 'string') {
    if (models.get(output)?.exposed) return { is: 'record', model: output }
    mistakes.add(place, `there is no model "${output}"${suggestion(output, models.keys())}`)
    return { is: 'nothing' }
  }
  for (const [name, field] of Object.entries(output)) {
    const problem = nameProblem(name)
    if (problem) mistakes.add(`${place}.${name}`, `"${name}" ${problem}`)
    if (field?.is !== 'field')
      mistakes.add(`${place}.${name}`, 'is no field: write text() and so on')
  }
  return { is: 'values', shape: output }
}

const codeForm = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/

function checkFailures(action: Action, { mistakes }: ActionSetting): void {
  for (const [code, { status = 409, detail }] of Object.entries(action.failures)) {
    const place = `${logicName(action)}.failures.${code}`
    if (!codeForm.test(code)) mistakes.add(place, 'a code is snake_case: lower-case words and _')
    if (Object.hasOwn(failureKinds, code)) {
      mistakes.add(place, 'Plinth has a failure of this code already: choose another word')
    }
    if (!Number.isInteger(status) || status < 400 || status > 499 || reserved.has(status)) {
      mistakes.add(place, `${status} cannot be its status: 400 to 499, such as 409`)
    }
    if (typeof detail !== 'string' || detail.trim() === '') {
      mistakes.add(place, 'needs a detail: one sentence that says what to do')
    }
  }
}

/** Statuses that say something about the request itself. */
const reserved: ReadonlySet<number> = new Set([401, 405, 406, 408, 411, 413, 414, 415, 417, 431])

function checkTime({ timeoutMs, ...action }: Action, { mistakes }: ActionSetting): void {
  if (timeoutMs === undefined) return
  const most = limits.transactionTimeoutMs
  if (Number.isSafeInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= most) return
  const cure = 'do what takes longer as a workflow'
  mistakes.add(`${logicName(action)}.timeoutMs`, `is 1 to ${most} milliseconds: ${cure}`)
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freezeDeep(inner)
  return Object.freeze(value)
}

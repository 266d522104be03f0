/** Owns the compilation of declared actions: their addresses, inputs, rules and answers. */

import { Failure, failureKinds } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { type Expression, never } from '../../define/expression.ts'
import type { Action } from '../../define/logic/logic.ts'
import { inputNode, me } from '../../define/rule.ts'
import type { ActionInput, ActionOperation, ActionOutput, Model } from '../catalog.ts'
import { suggestion } from '../mistakes.ts'
import { kebabCase, nameProblem } from '../names.ts'
import { logicName } from './logic.ts'
import { type RuleSetting, ruleOver, valueModel } from './value-rules.ts'

/** What actions are compiled with. */
export interface ActionSetting extends RuleSetting {
  readonly actions: ReadonlyMap<string, Action>
  readonly models: ReadonlyMap<string, Model>
}

/** Compiles the declared actions into operations. */
export function actionsOf(setting: ActionSetting): readonly ActionOperation[] {
  return [...setting.actions.values()].map((action) => compileAction(action, setting))
}

function compileAction(action: Action, setting: ActionSetting): ActionOperation {
  const name = logicName(action)
  const input = inputOf(action, setting)
  const base = baseOf(action, setting)
  const inputModel = valueModel('input', input)
  checkFailures(action, setting)
  checkTime(action, setting)
  if (action.money && action.safe) {
    setting.mistakes.add(name, 'is safe and money: what only reads moves no money')
  }
  if (action.audit && action.safe && !action.money) {
    setting.mistakes.add(name, 'is safe and audit: what only reads writes no entry of its call')
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

function allowOf(
  action: Action,
  { inputModel, ...setting }: ActionSetting & { readonly inputModel: Model },
): Expression {
  const place = `${logicName(action)}.allow`
  if (action.allow === undefined) {
    setting.mistakes.add(place, 'needs a rule: say who may call it, by anyone where everybody may')
    return never
  }
  const scope = Object.assign(Object.create(noRow), { me, input: inputNode() })
  return ruleOver({ place, source: action.allow, model: inputModel, scope }, setting)
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

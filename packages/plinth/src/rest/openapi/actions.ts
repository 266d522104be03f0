/** Owns the description of actions, and of the calls that are answered later. */

import { limits } from '../../base/limits.ts'
import type { ActionOperation } from '../../catalog/catalog.ts'
import { type Json, objectSchema } from '../../kinds/kinds.ts'
import { bodyTypes } from '../request/media-type.ts'
import type { RouteForm } from '../route/routes.ts'
import { jsonBody, jsonResponse } from './bodies.ts'
import { actionParameters, headerRefs, parameterRef, requiredKey } from './parameters.ts'
import { type Schema, schemaName, schemaRef } from './schemas.ts'

/** What a document says of an action. */
export interface DescribedAction {
  readonly summary: string
  readonly description: string
  readonly parameters: readonly Schema[] & Json
  readonly requestBody?: Schema
  readonly responses: Schema
}

/** Describes an action as one of its addresses has it. */
export function describeAction(action: ActionOperation, form: RouteForm): DescribedAction {
  const input = new Map(action.input)
  const inQuery = form === 'safeAction'
  const body = inQuery || input.size === 0 ? {} : { requestBody: inputBody(action) }
  return {
    summary: titleOf(action),
    description: action.description,
    parameters: [...(inQuery ? actionParameters(action) : []), ...headersOf(action)],
    ...body,
    responses: { ...answers(action), ...(isLater(action) ? { '202': accepted } : {}) },
  }
}

/** True for an action whose answer can be asked for later. */
export function isLater({ declared, safe }: ActionOperation): boolean {
  return declared !== undefined && !safe
}

function inputBody(action: ActionOperation): Schema {
  const example: { [name: string]: Json } = {}
  let required = false
  for (const { name, kind, optional, default: fallback } of action.input.values()) {
    if (kind.example !== undefined) example[name] = kind.example
    required ||= !optional && fallback === undefined
  }
  return { ...jsonBody(bodyTypes.POST, { ...objectSchema(action.input) }, example), required }
}

function headersOf(action: ActionOperation): readonly Schema[] {
  if (!isLater(action)) return []
  const key = action.declared?.action.money ? requiredKey : parameterRef('idempotencyKey')
  return [key, parameterRef('preferLater')]
}

function answers({ declared }: ActionOperation): Schema {
  const nothing: Schema = { description: 'Done.', headers: headerRefs() }
  if (declared === undefined) {
    return { '200': jsonResponse('Done.', { type: 'object' }), '204': nothing }
  }
  const { output } = declared
  switch (output.is) {
    case 'nothing':
      return { '204': nothing }
    case 'values':
      return {
        '200': jsonResponse('Done.', { ...objectSchema(new Map(Object.entries(output.shape))) }),
      }
    case 'record': {
      const record = schemaRef(schemaName(output.model))
      const hidden: Schema = {
        description: 'Done. The record is one that the caller may not read.',
        headers: headerRefs(),
      }
      return { '200': jsonResponse('The record.', record), '204': hidden }
    }
  }
}

/** `sign-in` → `Sign in`. */
function titleOf({ path }: ActionOperation): string {
  return `${path.slice(0, 1).toUpperCase()}${path.slice(1).replaceAll('-', ' ')}`
}

const accepted: Schema = Object.freeze({
  ...jsonResponse(
    'It will be done; `Location` says where to ask how far it is.',
    schemaRef('OperationStatus'),
    'Location',
  ),
})

/** The status of a call that is answered later. */
export const operationStatusSchema: Schema = Object.freeze({
  type: 'object',
  properties: {
    id: { type: 'string', description: 'A UUID; of a workflow, the id that it was given.' },
    operation: { type: 'string', description: 'The name of the action, or of the workflow.' },
    state: { enum: ['waiting', 'running', 'done', 'failed', 'cancelled'] },
    progress: {
      type: 'object',
      properties: {
        done: { type: 'number', minimum: 0, maximum: 1 },
        note: { type: ['string', 'null'] },
      },
      required: ['done', 'note'],
    },
    result: { description: 'Once it is done: what the call would have answered.' },
    failure: { allOf: [schemaRef('Problem')], description: 'Once it has failed: why.' },
    createdAt: { type: 'string', format: 'date-time' },
    endedAt: { type: ['string', 'null'], format: 'date-time' },
  },
  required: ['id', 'operation', 'state', 'progress', 'createdAt', 'endedAt'],
})

const begunId: Schema = Object.freeze({
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', minLength: 1, maxLength: limits.workflowIdCharactersMax },
})
const ofCalls = 'Of a call that was made with `Prefer: respond-async`, by whoever made it.'
const ofWorkflows = 'Of a workflow that has a status, by the user who started it.'

/** Describes the addresses of calls that are answered later. */
export function describeLater(form: RouteForm): DescribedAction {
  const cancels = form === 'cancelOperation'
  return {
    summary: cancels ? 'Cancel a call that is answered later' : 'How far a call or workflow is',
    description: cancels ? ofCalls : `${ofCalls} ${ofWorkflows}`,
    parameters: [cancels ? parameterRef('id') : begunId],
    responses: { '200': jsonResponse('Its status.', schemaRef('OperationStatus')) },
  }
}

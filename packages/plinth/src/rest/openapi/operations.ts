/** Owns the description of each route in the document. */

import { limits } from '../../base/limits.ts'
import type { Catalog, Model } from '../../catalog/catalog.ts'
import type { Json } from '../../kinds/kinds.ts'
import { bodyTypes } from '../request/media-type.ts'
import type { Route } from '../route/routes.ts'
import { describeAction, describeLater } from './actions.ts'
import { jsonBody, jsonResponse } from './bodies.ts'
import { failureResponses, type ResponseComponents } from './failures.ts'
import {
  headerRefs,
  keyParameters,
  listParameters,
  parameterRef,
  recordParameters,
} from './parameters.ts'
import { exampleInput, type Schema, schemaName, schemaRef } from './schemas.ts'

/** What the description of a route draws on. */
export interface Describing {
  readonly catalog: Catalog
  readonly responses: ResponseComponents
}

/** The operation object of a route. */
export function describeRoute(route: Route, describing: Describing): Schema {
  const described = route.model
    ? describeModelRoute(route, route.model, describing.catalog)
    : route.action
      ? describeAction(route.action, route.form)
      : route.form === 'batch'
        ? describeBatch()
        : describeLater(route.form)
  const { responses, ...rest } = described
  return {
    operationId: operationId(route),
    tags: [tagOf(route)],
    ...(route.model ? { 'x-model': route.model.name } : {}),
    ...rest,
    responses: { ...responses, ...failureResponses(route, describing.responses) },
  }
}

/** The kit of a route; what belongs to none has a name of its own. */
export function tagOf({ model, action, form }: Route): string {
  return model?.kit ?? action?.kit ?? (form === 'batch' ? 'batch' : 'operations')
}

/** The catalog's name of the operation, or of the second address that leads to it. */
export function operationId(route: Route): string {
  const model = route.model?.name
  if (route.form === 'query' || route.form === 'getByKey') return `${model}.${route.form}`
  if (route.form === 'queryAction' && route.method === 'POST') return `${route.operation}.query`
  return route.operation
}

interface Described {
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly Schema[] & Json
  readonly requestBody?: Schema
  readonly responses: Schema
}

const writeParameters = [parameterRef('idempotencyKey'), parameterRef('prefer')]

type FormDescriber = (route: Route, model: Model, catalog: Catalog) => Described

/** Which form of a model's route is described by whom. */
function describeModelRoute(route: Route, model: Model, catalog: Catalog): Described {
  const reading = route.form === 'get' || route.form === 'getByKey'
  const listing = route.form === 'list' || route.form === 'query'
  const describe = listing ? describeList : reading ? describeRead : describeWrite
  return describe(route, model, catalog)
}

const describeList: FormDescriber = ({ form }, model, catalog) => {
  const name = schemaName(model.name)
  const responses = { '200': jsonResponse('A page.', schemaRef(`${name}.page`), 'Link') }
  if (form === 'list') {
    return {
      summary: `List ${model.plural}`,
      parameters: listParameters(model, catalog),
      responses,
    }
  }
  return {
    summary: `List ${model.plural} by a query in the body`,
    description: `The same as \`QUERY /api/${model.plural}\` (RFC 10008).`,
    parameters: [],
    requestBody: jsonBody(bodyTypes.POST, schemaRef(`${name}.query`), { limit: 20 }),
    responses,
  }
}

const describeRead: FormDescriber = ({ form }, model, catalog) => ({
  summary: `Read one ${model.name}${form === 'get' ? '' : ' by its natural key'}`,
  parameters: [
    ...(form === 'get' ? [parameterRef('id')] : keyParameters(model)),
    ...recordParameters(model, catalog),
    parameterRef('ifNoneMatch'),
  ],
  responses: {
    '200': jsonResponse('The record.', schemaRef(schemaName(model.name)), 'ETag'),
    '304': { description: 'It has not changed.' },
  },
})

const describeWrite: FormDescriber = ({ form }, model) => {
  const name = schemaName(model.name)
  const record = jsonResponse('The record.', schemaRef(name), 'ETag')
  const created = jsonResponse('The new record.', schemaRef(name), 'ETag', 'Location')
  const change = [parameterRef('ifMatch'), ...writeParameters]
  switch (form) {
    case 'create':
      return {
        summary: `Create one ${model.name}`,
        parameters: writeParameters,
        requestBody: jsonBody(bodyTypes.POST, schemaRef(`${name}.create`), exampleInput(model)),
        responses: { '201': created },
      }
    case 'update':
      return {
        summary: `Change one ${model.name}`,
        parameters: [parameterRef('id'), ...change],
        requestBody: jsonBody(bodyTypes.PATCH, schemaRef(`${name}.update`)),
        responses: { '200': record, '204': minimal },
      }
    case 'upsert':
      return {
        summary: `Create or change the ${model.name} with a natural key`,
        parameters: [...keyParameters(model), parameterRef('onlyCreate'), ...change],
        requestBody: jsonBody(bodyTypes.PUT, schemaRef(`${name}.update`)),
        responses: { '200': record, '201': created, '204': minimal },
      }
    default:
      return {
        summary: `Delete one ${model.name}`,
        parameters: [parameterRef('id'), parameterRef('ifMatch'), parameterRef('idempotencyKey')],
        responses: { '204': { description: 'It is deleted.', headers: headerRefs() } },
      }
  }
}

const minimal: Schema = Object.freeze({
  description: 'Done; without a body, as preferred.',
  headers: headerRefs('ETag'),
})

/** The schema of a batch's body. */
export const batchSchema: Schema = Object.freeze({
  type: 'object',
  properties: {
    operations: {
      type: 'array',
      minItems: 1,
      maxItems: limits.batchOperationsMax,
      items: {
        type: 'object',
        properties: {
          operation: { type: 'string', description: 'Its name, such as `product.create`.' },
          input: { description: '`{"$ref": "name"}` stands for the id of an earlier result.' },
          id: { description: 'The record, or `{"$ref": "name"}`.' },
          version: { type: 'integer', minimum: 1 },
          as: { type: 'string', description: 'A name for later operations to refer to.' },
        },
        required: ['operation'],
        additionalProperties: false,
      },
    },
  },
  required: ['operations'],
  additionalProperties: false,
})

/** The schema of a batch's reply. */
export const batchResultsSchema: Schema = Object.freeze({
  type: 'object',
  properties: {
    results: {
      type: 'array',
      description: 'One result for each operation, in their order.',
      items: {
        type: 'object',
        properties: {
          status: { type: 'integer' },
          id: { type: 'string', format: 'uuid', description: 'Of a new record.' },
          body: { description: 'What the operation would have answered by itself.' },
        },
        required: ['status'],
      },
    },
  },
  required: ['results'],
})

function describeBatch(): Described {
  return {
    summary: 'Do several operations, all or none',
    parameters: [parameterRef('idempotencyKey')],
    requestBody: jsonBody(bodyTypes.POST, schemaRef('Batch')),
    responses: { '200': jsonResponse('All are done.', schemaRef('BatchResults')) },
  }
}

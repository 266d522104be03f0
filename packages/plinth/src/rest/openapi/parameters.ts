/** Owns the parameters and headers of the document. */

import { limits } from '../../base/limits.ts'
import type { ActionOperation, Catalog, Model } from '../../catalog/catalog.ts'
import { readableFields, readableRelations } from '../../catalog/exposure/exposure.ts'
import { countSchema, type Schema, schemaName, schemaRef, sortKeys } from './schemas.ts'

/** Parameters that many operations share, by their name in the document. */
export const sharedParameters: { readonly [name: string]: Schema } = Object.freeze({
  id: {
    name: 'id',
    in: 'path',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  },
  limit: query('limit', 'How many records, at most.', {
    type: 'integer',
    minimum: 1,
    maximum: limits.pageSizeMax,
    default: limits.pageSizeDefault,
  }),
  after: query('after', 'A cursor of an earlier page: the records after it.', cursor()),
  before: query('before', 'A cursor of an earlier page: the records before it.', cursor()),
  count: query('count', 'Counts the matches: `exact`, or up to a limit.', { ...countSchema }),
  ifMatch: header('If-Match', 'The ETag of the version that the caller has seen; otherwise 412.'),
  ifNoneMatch: header('If-None-Match', 'An ETag: 304 where the answer is the same.'),
  onlyCreate: header('If-None-Match', '`*` only creates: 412 where the record is there.'),
  idempotencyKey: header(
    'Idempotency-Key',
    'Makes the call safe to repeat: the same key gets the stored answer of the first.',
  ),
  prefer: header('Prefer', '`return=minimal` leaves out the body.'),
  preferLater: header(
    'Prefer',
    '`respond-async` answers at once with 202 and the address of a status.',
  ),
})

/** The key of a call that moves money. */
export const requiredKey: Schema = Object.freeze({
  ...header(
    'Idempotency-Key',
    'Required, because the call moves money: repeated with the same key, it happens once.',
  ),
  required: true,
})

/** A reference to a shared parameter. */
export function parameterRef(name: string): Schema {
  return { $ref: `#/components/parameters/${name}` }
}

/** Headers of answers, by their name in the document. */
export const sharedHeaders: { readonly [name: string]: Schema } = Object.freeze({
  ETag: text('The record’s version and form, for If-Match and If-None-Match.'),
  Location: text('The address of the new record.'),
  Link: text('The next and the previous page (RFC 8288).'),
  RateLimit: text('What is left: `"default";r=599;t=60` (r calls within t seconds).'),
  'RateLimit-Policy': text('The limit: `"default";q=600;w=60` (q calls in w seconds).'),
  'Retry-After': text('Seconds after which it is worth trying again.'),
  traceparent: text('The trace of the call (W3C Trace Context).'),
})

/** References to headers of answers. */
export function headerRefs(...names: readonly string[]): Schema {
  const all = [...names, 'RateLimit', 'RateLimit-Policy', 'traceparent']
  return Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

/** What a list takes in its query string. */
export function listParameters(model: Model, catalog: Catalog): readonly Schema[] {
  const filters = readableFields(model)
    // An object has no form as one text: such a field is compared by `filter` alone.
    .filter(({ kind }) => kind.operators.includes('eq') && kind.jsonSchema.type !== 'object')
    .map((field) =>
      query(`filter[${field.name}]`, `Records whose ${field.name} is this.`, {
        ...field.kind.operand().jsonSchema,
      }),
    )
  const filter: Schema = {
    ...query(
      'filter',
      'Conditions: `filter[field][operator]=value`, `filter[relation.field]=…`, ' +
        '`filter[or][0][field]=…`, `filter[relation][some][field]=…`; ' +
        'the values of `in` are separated by commas.',
      schemaRef(`${schemaName(model.name)}.filter`),
    ),
    style: 'deepObject',
    explode: true,
  }
  const sort: Schema = {
    ...query('sort', '`name` ascends, `-name` descends.', {
      type: 'array',
      items: { type: 'string', enum: [...sortKeys(model)] },
      maxItems: limits.sortFieldsMax,
    }),
    explode: false,
  }
  const pages = ['limit', 'after', 'before', 'count'].map((name) => parameterRef(name))
  return [sort, ...recordParameters(model, catalog), ...pages, filter, ...filters]
}

/** What the reading of one record takes in its query string. */
export function recordParameters(model: Model, catalog: Catalog): readonly Schema[] {
  const relations = readableRelations(model, catalog).map((relation) => relation.name)
  const fields = readableFields(model).map((field) => field.name)
  const list: Schema = { type: 'array', items: { type: 'string' } }
  const known = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
  const parameters: Schema[] = [
    {
      ...query('fields', `Only these fields, beside id. Known are ${known(fields)}.`, list),
      explode: false,
    },
  ]
  if (relations.length > 0) {
    const description =
      `Related records to include: ${known(relations)}, and theirs behind a dot. ` +
      'Options stand in brackets: `include[relation][limit]=5`.'
    parameters.push({ ...query('include', description, list), explode: false })
  }
  return parameters
}

/** The variables of a natural key's address. */
export function keyParameters(model: Model): readonly Schema[] {
  return model.key.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { ...model.fields.get(name)?.kind.jsonSchema },
  }))
}

/** What a safe action takes in its query string. */
export function actionParameters(action: ActionOperation): readonly Schema[] {
  return [...action.input.values()].map((input) => ({
    ...query(input.name, input.description ?? `The action’s ${input.name}.`, {
      ...input.kind.jsonSchema,
    }),
    required: !input.optional && input.default === undefined,
  }))
}

function query(name: string, description: string, schema: Schema): Schema {
  return { name, in: 'query', description, schema }
}

function header(name: string, description: string): Schema {
  return { name, in: 'header', description, schema: { type: 'string' } }
}

function cursor(): Schema {
  return { type: 'string', maxLength: limits.cursorBytesMax }
}

function text(description: string): Schema {
  return { description, schema: { type: 'string' } }
}

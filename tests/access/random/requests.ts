/** Owns random requests by REST and GraphQL, honest and hostile, and how they are sent. */

import { askLocally } from '../../../packages/plinth/src/app/local-request.ts'
import type { Model, ModelField } from '../../../packages/plinth/src/catalog/catalog.ts'
import { visibleRows } from '../evaluator.ts'
import { tokenOf } from '../world/people.ts'
import type { Stand } from '../world/world.ts'
import { documentOf } from './documents.ts'
import type { Draw } from './draw.ts'
import { type Asking, drawList, drawSelection } from './queries.ts'
import { constantOf, idOf, userIds, wildModels } from './values.ts'

/** A request, by one asker. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers: Readonly<Record<string, string>>
}

/** Everything that the asker is told. */
export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** A read of a list or of one record, in any of the forms of the door. */
export function drawRead(asking: Asking): Sent {
  const { draw, world } = asking
  const models = wildModels(world.catalog).filter(({ exposed }) => exposed)
  const model = draw.pick(models)
  const query = drawList(asking, model)
  const path = `/api/${model.plural}`
  switch (draw.integer(0, 4)) {
    case 0:
      return { method: 'GET', path: `${path}?${plainSearch(asking, model)}`, headers: {} }
    case 1:
      return { method: 'POST', path: `${path}/query`, body: query, headers: {} }
    case 2:
      return {
        method: 'GET',
        path: `${path}/${drawId(asking, model)}${included(asking, model)}`,
        headers: {},
      }
    case 3:
      return {
        ...{ method: 'POST', path: '/api/graphql', headers: {} },
        body: documentOf(world.catalog, model, query),
      }
    default:
      return { method: 'QUERY', path, body: query, headers: {} }
  }
}

function plainSearch(asking: Asking, model: Model): string {
  const { sort = [], fields = [], limit, count } = drawList(asking, model)
  const parts = [
    sort.length > 0 ? `sort=${sort.join(',')}` : '',
    fields.length > 0 ? `fields=${fields.join(',')}` : '',
    limit === undefined ? '' : `limit=${limit}`,
    count === undefined ? '' : `count=${count}`,
    ...fields.slice(0, 1).map((name) => `filter[${name}][isNull]=false`),
  ]
  return parts.filter((part) => part !== '').join('&')
}

function included(asking: Asking, model: Model): string {
  const { include } = drawSelection(asking, model, 1)
  const names = Object.keys(include ?? {})
  return names.length > 0 && !Array.isArray(include) ? `?include=${names.join(',')}` : ''
}

/** An id of a model: one that is suspect, one that there may be, or any. */
function drawId({ draw, world, suspects }: Asking, model: Model): string {
  const suspect = suspects?.get(model.name) ?? []
  if (suspect.length > 0 && draw.chance(40)) return draw.pick(suspect)
  const known = visibleRows(world, model)
  if (known.length > 0 && draw.chance(60)) return String(draw.pick(known).id)
  return idOf(wildModels(world.catalog).indexOf(model), draw.integer(0, 9))
}

/** A write: by the rules or against them, also of hidden records, fields and references. */
export function drawWrite(asking: Asking): Sent {
  const { draw, world } = asking
  const model = draw.pick(wildModels(world.catalog).filter(({ exposed }) => exposed))
  const path = `/api/${model.plural}`
  const one = `${path}/${drawId(asking, model)}`
  const match = (): Readonly<Record<string, string>> =>
    draw.chance(20) ? { 'if-match': draw.pick(['"1"', '"2"', '"3"', '*', '"x"']) } : {}
  switch (draw.integer(0, 5)) {
    case 0:
      return { method: 'DELETE', path: one, headers: match() }
    case 1:
    case 2:
      return { method: 'POST', path, body: drawInput(asking, model, 99), headers: once(draw) }
    case 3:
      return { method: 'POST', path: '/api/batch', body: drawBatch(asking), headers: once(draw) }
    default:
      return { method: 'PATCH', path: one, body: drawInput(asking, model, 25), headers: match() }
  }
}

function once(draw: Draw): Readonly<Record<string, string>> {
  return draw.chance(20) ? { 'idempotency-key': `key-${draw.integer(1, 3)}` } : {}
}

function drawInput(asking: Asking, model: Model, percent: number): unknown {
  const { draw } = asking
  const input: Record<string, unknown> = {}
  for (const field of model.fields.values()) {
    const chance = field.optional || percent < 50 ? percent / 2 : percent
    if (isInput(field) && draw.chance(chance)) input[field.name] = drawValue(asking, model, field)
  }
  for (const { inputName, target } of model.relations.values()) {
    if (inputName === undefined || !draw.chance(25)) continue
    const other = asking.world.catalog.models.get(target)
    if (other) input[inputName] = [drawId(asking, other)]
  }
  if (draw.chance(5)) input[draw.pick(['version', 'sum', 'nothing', 'deletedAt'])] = 1
  return input
}

function drawValue(asking: Asking, model: Model, field: ModelField): unknown {
  const { draw, world } = asking
  if (field.optional && draw.chance(15)) return null
  // One's own, mostly: others' are refused.
  if (field.name === 'owner') return draw.chance(70) ? world.asker.id : draw.pick(userIds)
  if (field.role !== 'reference') return constantOf(draw, field.kind)
  const target = model.relations.get(field.relation ?? '')?.target ?? ''
  const other = world.catalog.models.get(target)
  return other ? drawId(asking, other) : null
}

function isInput({ role, computed }: ModelField): boolean {
  return !computed && (role === 'declared' || role === 'reference')
}

function drawBatch(asking: Asking): unknown {
  const { draw, world } = asking
  const models = wildModels(world.catalog).filter(({ exposed }) => exposed)
  const operations = Array.from({ length: draw.integer(1, 3) }, () => {
    const model = draw.pick(models)
    const id = drawId(asking, model)
    const input = drawInput(asking, model, 97)
    return draw.pick([
      { operation: `${model.name}.create`, input },
      { operation: `${model.name}.update`, id, input },
      { operation: `${model.name}.delete`, id },
    ])
  })
  return { operations }
}

/** Sends a request as a user by number, by a token, or as nobody. */
export async function send(
  { handler }: Stand,
  { method, path, body, headers }: Sent,
  who: number | string | undefined,
): Promise<Told> {
  const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
  const content =
    body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(bytes.length) }
  const token = typeof who === 'number' ? tokenOf(who) : who
  const credential = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const trace = { traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00' }
  const answer = await askLocally(handler, {
    method,
    path: encodeURI(path),
    headers: { ...content, ...credential, ...trace, ...headers },
    body: bytes,
  })
  const { traceparent: _, date: __, ...told } = answer.headers
  return { status: answer.status, headers: told, text: answer.text }
}

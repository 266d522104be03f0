/** Owns the payloads of writes and actions: what of a reply was selected, as JSON text. */

import type { GraphQLObjectType } from 'graphql'
import { present } from '../../base/assert.ts'
import type { Operation } from '../../catalog/catalog.ts'
import type { Reply } from '../../engine/call.ts'
import { cutMembers, cutRecord } from '../answer/cut.ts'
import { thrownFailure } from '../answer/errors.ts'
import { type Asked, collect, setsOf } from '../plan/collect.ts'
import { type Places, placesOf } from '../plan/places.ts'
import { type RecordSelection, selectRecord } from '../plan/records.ts'
import type { RootPlanning } from '../plan/root.ts'
import { valueText } from '../plan/values.ts'
import { nodeId } from '../schema/node-ids.ts'
import type { Answering } from './answering.ts'

/** A payload, planned before the call is made. */
export interface Payload {
  /** How many records it may bring. */
  readonly rows: number
  /** Its text. `id`: that of the record that was written, where the call named it. */
  write(answering: Answering, reply: Reply, id: string | undefined): Promise<string>
}

/** What a payload is planned from. */
export interface PayloadParts {
  readonly asked: Asked
  readonly operation: Operation
  readonly payloadType: GraphQLObjectType
}

/** One part of a payload. */
interface Part {
  readonly rows: number
  write(answering: Answering, reply: Reply, id: string | undefined): string | Promise<string>
}

/** Plans a payload. What is wrong with it is told before anything is written. */
export function planPayload(planning: RootPlanning, payload: PayloadParts): Payload {
  const { asked, payloadType } = payload
  const members = collect(planning.reading, payloadType, setsOf(asked)).map((member) => ({
    member,
    part: planPart(planning, payload, member),
  }))
  return {
    rows: members.reduce((sum, { part }) => sum + part.rows, 0),
    async write(answering, reply, id) {
      const texts: string[] = []
      for (const { member, part } of members) {
        texts.push(`"${member.key}":${await part.write(answering, reply, id)}`)
      }
      return `{${texts.join()}}`
    },
  }
}

function planPart(planning: RootPlanning, parts: PayloadParts, member: Asked): Part {
  const { operation, payloadType } = parts
  const constant = (text: string): Part => ({ rows: 0, write: () => text })
  if (member.name === '__typename') return constant(`"${payloadType.name}"`)
  const type = present(payloadType.getFields()[member.name], member.name).type
  if (operation.type !== 'action') {
    if (member.name === 'id') return idPart(planning, operation.model.name)
    return recordPart(planning, parts, { member, model: operation.model.name })
  }
  const { declared } = operation
  if (!declared) return { rows: 0, write: (_, { body }) => body ?? 'null' }
  const { output } = declared
  if (output.is === 'record' && member.name === 'record') {
    return recordPart(planning, parts, { member, model: output.model })
  }
  if (output.is !== 'values' || member.name === 'done') return constant('true')
  return {
    rows: 0,
    write: (_, { body = '{}' }) => {
      const text = cutMembers(body).get(member.name)
      return valueText(planning.reading, { type, asked: member }, text)
    },
  }
}

function idPart({ names }: RootPlanning, model: string): Part {
  const type = present(names.types.get(model), model)
  return {
    rows: 0,
    write: (_, reply, id) => `"${nodeId(type, present(idOf(reply) ?? id, 'the id of a write'))}"`,
  }
}

/** A stored reply has its id in its body alone. */
function idOf({ id, body }: Reply): string | undefined {
  if (id !== undefined || body === undefined) return id
  const text = cutMembers(body).get('id')
  return text === undefined ? undefined : (JSON.parse(text) as string)
}

interface RecordMember {
  readonly member: Asked
  readonly model: string
}

/** The record of a reply; where more than its own fields is selected, it is read once more. */
function recordPart(
  planning: RootPlanning,
  { asked }: PayloadParts,
  { member, model: name }: RecordMember,
): Part {
  const model = present(planning.catalog.models.get(name), name)
  const type = present(
    planning.reading.schema.getType(present(planning.names.types.get(name), name)),
    name,
  )
  const outer = `/${asked.key}/${member.key}`
  const places = placesOf(outer)
  const at = { planning: { ...planning, places }, model, inner: '', outer }
  const selection = selectRecord(at, type as GraphQLObjectType, setsOf(member))
  return {
    rows: selection.rows,
    write: (answering, reply) => {
      if (reply.body === undefined) return 'null'
      const { query, cut, write } = selection
      if (query.include === undefined) return write(cutRecord(reply.body, cut))
      const reading = { selection, places, id: present(idOf(reply), 'an id'), name }
      return readRecord(answering, reading, { asked, member })
    },
  }
}

interface ReadingRecord {
  readonly selection: RecordSelection
  readonly places: Places
  readonly id: string
  readonly name: string
}

async function readRecord(
  { invoke, call, fail }: Answering,
  { selection, places, id, name }: ReadingRecord,
  { asked, member }: { readonly asked: Asked; readonly member: Asked },
): Promise<string> {
  const place = { path: [asked.key, member.key], nodes: member.nodes }
  const reads = [{ operation: `${name}.get`, id, query: selection.query }]
  try {
    const { parts } = await invoke({ ...call, operation: 'reads', connections: true, reads })
    const part = parts?.[0]
    if (part && 'answer' in part) return selection.write(part.answer.record(selection.cut))
    return fail(places.translated(thrownFailure(part?.failure)), place)
  } catch (error) {
    return fail(thrownFailure(error), place)
  }
}

/** Owns global ids: the type and the id of a record as one opaque text. */

import { Buffer } from 'node:buffer'

/** What a global id names. */
export interface NodeId {
  readonly type: string
  readonly id: string
}

const form =
  /^([A-Za-z][A-Za-z0-9_]*):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/
const charactersMax = 1_024

/** `Product` and a UUID as a global id: base64url of `Product:uuid`. */
export function nodeId(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`, 'latin1').toString('base64url')
}

/** What a global id names; undefined for any other text, and for another spelling of the same. */
export function readNodeId(text: string): NodeId | undefined {
  if (text.length > charactersMax) return undefined
  const [, type, id] = form.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? []
  if (type === undefined || id === undefined) return undefined
  return nodeId(type, id) === text ? { type, id } : undefined
}

/** The UUID of an id that may be a global one of a type. Whatever else it is stays as it is. */
export function plainId(given: unknown, type: string | undefined): unknown {
  if (typeof given !== 'string') return given
  const known = readNodeId(given)
  return known && (type === undefined || known.type === type) ? known.id : given
}

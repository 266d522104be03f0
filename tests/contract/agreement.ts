/** Owns the comparison of answers with the OpenAPI document: what is sent is what is described. */

import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

/** A request as far as a document speaks of it. */
export interface Asked {
  readonly method: string
  /** With its query. */
  readonly path: string
}

/** An answer as a client has it. */
export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** What a document and an answer disagree about; empty: nothing. */
export type Disagreements = (asked: Asked, told: Told) => string[]

interface Response {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, unknown>>
}

type Operations = Readonly<
  Record<string, { readonly responses: Readonly<Record<string, Response>> }>
>

interface Document {
  readonly paths: Readonly<Record<string, Operations>>
}

/** What the front of the server refuses before it knows which operation is meant. */
const anywhere: ReadonlySet<number> = new Set([404, 405, 414, 431])

/**
 * Holds answers against a document by an independent validator of JSON Schema 2020-12. Objects are
 * taken strictly: a member that the document does not name is a disagreement.
 */
export function agreementWith(source: unknown): Disagreements {
  const document = strictly(JSON.parse(JSON.stringify(source))) as Document
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema(document as object, 'document')
  const places = Object.keys(document.paths).map((path) => ({ path, form: formOf(path) }))
  // An address without variables is meant before one with.
  places.sort((one, other) => Number(one.path.includes('{')) - Number(other.path.includes('{')))

  function disagreements(place: readonly string[], told: Told): string[] {
    const response = read(document, place) as Response | undefined
    if (!response) {
      return anywhere.has(told.status)
        ? []
        : [`${told.status} is not described: ${told.text.slice(0, 200)}`]
    }
    if (response.$ref) return disagreements(response.$ref.slice(2).split('/'), told)
    // A record that its writer may not read is not answered.
    if (told.text === '') return []
    const type = (told.headers['content-type'] ?? '').split(';')[0] ?? ''
    if (!response.content?.[type]) return [`${told.status} with ${type} is not described`]
    const pointer = [...place, 'content', type, 'schema'].map(escaped).join('/')
    const validate = ajv.getSchema(`document#/${pointer}`)
    if (!validate) throw new Error(`no schema at ${pointer}`)
    if (validate(JSON.parse(told.text))) return []
    const errors = (validate.errors ?? []).slice(0, 3)
    return errors.map(({ instancePath, message, params }) => {
      return `${told.status}${instancePath} ${message} ${JSON.stringify(params)}`
    })
  }

  return ({ method, path }, told) => {
    const bare = path.split('?')[0] ?? ''
    const verb = method.toLowerCase()
    const place = places.find(
      ({ form, path: each }) => form.test(bare) && document.paths[each]?.[verb],
    )
    if (!place) return anywhere.has(told.status) ? [] : [`${method} ${bare} is not described`]
    return disagreements(['paths', place.path, verb, 'responses', String(told.status)], told)
  }
}

function read(document: unknown, place: readonly string[]): unknown {
  let at = document
  for (const name of place) at = (at as Readonly<Record<string, unknown>> | undefined)?.[name]
  return at
}

function formOf(path: string): RegExp {
  const text = path.replace(/[.*+?^$|()[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]*')
  return new RegExp(`^${text}$`)
}

function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
}

/** Closes every object whose members are named. */
function strictly(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map(strictly)
  const entries = Object.entries(node).map(([name, inner]) => [name, strictly(inner)] as const)
  const schema: Record<string, unknown> = Object.fromEntries(entries)
  const isOpen = schema.type === 'object' && typeof schema.properties === 'object'
  if (isOpen && !('additionalProperties' in schema)) schema.additionalProperties = false
  return schema
}

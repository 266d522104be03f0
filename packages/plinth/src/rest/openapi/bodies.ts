/** Owns the form of bodies in the document. */

import type { Json } from '../../kinds/kinds.ts'
import { headerRefs } from './parameters.ts'
import type { Schema } from './schemas.ts'

/** The body of a request, in every content type that the address takes. */
export function jsonBody(types: readonly string[], schema: Schema, example?: Json): Schema {
  const media: Schema = example === undefined ? { schema } : { schema, example }
  return { required: true, content: Object.fromEntries(types.map((type) => [type, media])) }
}

/** The body of an answer. */
export function jsonResponse(
  description: string,
  schema: Schema,
  ...headers: readonly string[]
): Schema {
  return {
    description,
    headers: headerRefs(...headers),
    content: { 'application/json': { schema } },
  }
}

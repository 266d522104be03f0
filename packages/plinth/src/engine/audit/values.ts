/** Owns how recorded values are shown: the text of a column becomes JSON again. */

import type { Model } from '../../catalog/catalog.ts'
import { type Json, readArray } from '../../kinds/kinds.ts'

/**
 * A recorded value as JSON. What no longer fits the declaration (a field that is gone, or holds
 * another kind since) is shown as the text that was stored.
 */
export function recordedValue(model: Model | undefined, name: string, text: string | null): Json {
  if (text === null) return null
  const kind = model?.fields.get(name)?.kind
  if (!kind) return isLinks(model, name) ? readArray(text) : text
  try {
    return JSON.parse(kind.toJson(text)) as Json
  } catch {
    return text
  }
}

function isLinks(model: Model | undefined, name: string): boolean {
  return [...(model?.relations.values() ?? [])].some(({ inputName }) => inputName === name)
}

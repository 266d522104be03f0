/** Owns which models of identity are open: those of organisations only where the app has some. */

import type { DraftModel } from '../draft.ts'
import type { Organisations } from './roles.ts'

const organisationModels: ReadonlySet<string> = new Set([
  ...['organisation', 'membership', 'invitation'],
])

/** The drafts with the models of organisations closed where the app has none. */
export function openModels(
  drafts: ReadonlyMap<string, DraftModel>,
  organisations: Organisations | undefined,
): ReadonlyMap<string, DraftModel> {
  if (organisations) return drafts
  return new Map([...drafts].map(([name, draft]) => [name, closed(draft)]))
}

function closed(draft: DraftModel): DraftModel {
  if (draft.kit !== 'identity' || !organisationModels.has(draft.name)) return draft
  const { access: _, ...spec } = draft.spec
  return { ...draft, spec }
}

/** Owns advice on an app's code: what can be seen in its sources without running them. */

import { isAbsolute, relative } from 'node:path'
import { type Advice, adviceOn, isCounted } from '../../catalog/advice/advice.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { identity } from '../../identity/kit.ts'
import { appSources } from './sources.ts'
import { findTwoSteps, twoStepsCure } from './two-steps.ts'

/** What to consider in the code, and where. */
export interface CodeAdvice {
  /** `checkout/pay.ts:17`, from the current folder. */
  readonly place: string
  readonly detail: string
}

/** Advice on what an app declares itself: what the built-in kit declares is ours to weigh. */
export function adviceOnDeclared(catalog: Catalog): readonly Advice[] {
  return adviceOn(catalog).filter(({ place }) => !place.startsWith(`${identity.name}.`))
}

/** All advice on the code of an app, by file, in the order of its lines. */
export async function adviceOnCode(catalog: Catalog, file: string): Promise<readonly CodeAdvice[]> {
  const counted = (model: string, field: string): boolean | undefined => {
    const known = catalog.models.get(model)
    return known && isCounted(known, field)
  }
  const sources = await appSources(file)
  return sources.flatMap(({ path, text, tree }) =>
    findTwoSteps(tree, counted).map(({ start, model, field }) => {
      const line = text.slice(0, start).split('\n').length
      const what = model === '' ? field : `${model}.${field}`
      const harm = 'is read and then written: others may change it in between'
      const detail = `${what} ${harm}; ${twoStepsCure}.`
      return { place: `${shown(path)}:${line}`, detail }
    }),
  )
}

function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') || isAbsolute(near) ? path : near
}

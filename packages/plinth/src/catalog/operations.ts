/** Owns the table of operations: what every door projects. */

import type { ActionOperation, Model, ModelOperation, Operation } from './catalog.ts'
import type { Mistakes } from './mistakes.ts'
import { nameProblem } from './names.ts'

/** Words that addresses use themselves. */
const takenPlurals: ReadonlySet<string> = new Set(['batch'])

/** The operations of all exposed models and of the built-in actions, by name. */
export function operationsOf(
  models: ReadonlyMap<string, Model>,
  actions: readonly ActionOperation[],
  mistakes: Mistakes,
): ReadonlyMap<string, Operation> {
  const operations = new Map<string, Operation>()
  const kits = new Set(actions.map((action) => action.kit))
  for (const model of models.values()) {
    if (!model.exposed) continue
    const place = `${model.kit}.${model.name}.plural`
    const problem = nameProblem(model.plural)
    if (problem) mistakes.add(place, `"${model.plural}" ${problem}`)
    if (takenPlurals.has(model.plural) || kits.has(model.plural)) {
      mistakes.add(place, `/api/${model.plural} is taken: give another plural`)
    }
    for (const type of typesOf(model)) {
      const operation: ModelOperation = { name: `${model.name}.${type}`, type, model }
      operations.set(operation.name, Object.freeze(operation))
    }
  }
  for (const action of actions) operations.set(action.name, action)
  return operations
}

function typesOf(model: Model): readonly ModelOperation['type'][] {
  const always = ['list', 'get', 'create', 'update', 'delete'] as const
  return model.key.length > 0 ? [...always, 'upsert'] : always
}

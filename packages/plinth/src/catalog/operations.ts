/** Owns the table of operations: what every door projects. */

import type { ActionOperation, Model, ModelOperation, Operation } from './catalog.ts'
import type { Mistakes } from './mistakes.ts'
import { nameProblem } from './names.ts'

/** Words that addresses use themselves. */
const takenWords: ReadonlySet<string> = new Set(['batch', 'operations', 'graphql'])

/** The operations of all exposed models and of the built-in actions, by name. */
export function operationsOf(
  models: ReadonlyMap<string, Model>,
  actions: readonly ActionOperation[],
  mistakes: Mistakes,
): ReadonlyMap<string, Operation> {
  const operations = new Map<string, Operation>()
  const kits = new Set(actions.filter(({ declared }) => !declared).map(({ kit }) => kit))
  for (const model of models.values()) {
    if (!model.exposed) continue
    const place = `${model.kit}.${model.name}.plural`
    const problem = nameProblem(model.plural)
    if (problem) mistakes.add(place, `"${model.plural}" ${problem}`)
    if (takenWords.has(model.plural) || kits.has(model.plural)) {
      mistakes.add(place, `/api/${model.plural} is taken: give another plural`)
    }
    for (const type of typesOf(model)) {
      const operation: ModelOperation = { name: `${model.name}.${type}`, type, model }
      operations.set(operation.name, Object.freeze(operation))
    }
  }
  addActions(operations, actions, mistakes)
  checkScopeWords(models, actions, mistakes)
  return operations
}

/** Adds actions; each has a name and an address of its own. */
function addActions(
  operations: Map<string, Operation>,
  actions: readonly ActionOperation[],
  mistakes: Mistakes,
): void {
  const addresses = new Map<string, string>()
  for (const action of actions) {
    const { name, declared, kit, base = kit, path } = action
    const address = `/api/${base}/${path}`
    const other = addresses.get(address)
    if (operations.has(name)) {
      mistakes.add(name, 'is the name of another operation of this app: rename the action')
    } else if (other !== undefined) {
      mistakes.add(name, `has the address ${address}, as ${other}: rename one of them`)
    }
    if (declared && (takenWords.has(base) || path === 'query')) {
      mistakes.add(name, `${address} is taken by Plinth itself: choose another name`)
    }
    addresses.set(address, name)
    operations.set(name, action)
  }
}

/**
 * What keys may do is said in words: `ledger.read` is records of a model, `ledger.settle` an action
 * of a kit. One word for both would let a key do what its owner did not mean.
 */
function checkScopeWords(
  models: ReadonlyMap<string, Model>,
  actions: readonly ActionOperation[],
  mistakes: Mistakes,
): void {
  for (const { name, declared } of actions) {
    const [first = '', word] = name.split('.')
    if (!declared || (word !== 'read' && word !== 'write')) continue
    if (!models.get(first)?.exposed) continue
    const all = `lets keys ${word} all records of the model ${first}`
    mistakes.add(name, `is the scope that ${all}, and would be called by them: rename the action`)
  }
}

function typesOf(model: Model): readonly ModelOperation['type'][] {
  const always = ['list', 'get', 'create', 'update', 'delete'] as const
  return model.key.length > 0 ? [...always, 'upsert'] : always
}

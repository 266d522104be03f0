/** Owns `plinth check` and `plinth routes`: looking at a declaration without a database. */

import { catalogOf } from '../../app/compose.ts'
import { findAppFile } from '../../app/file/find-app.ts'
import { loadApp } from '../../app/file/load-app.ts'
import { addressLines } from '../../app/routes.ts'
import { adviceOnCode, adviceOnDeclared } from '../../app/sources/advice.ts'
import type { Catalog, Model } from '../../catalog/catalog.ts'
import { columns, printData, tell } from '../terminal.ts'

interface Declared {
  readonly catalog: Catalog
  /** The app's file, absolute. */
  readonly path: string
}

async function declared(file: string | undefined): Promise<Declared> {
  const { app, file: path } = await loadApp(await findAppFile(file, process.cwd()))
  return { catalog: catalogOf(app), path }
}

/** Compiles the declaration and sums it up, or fails with every mistake. */
export async function check(file: string | undefined): Promise<void> {
  const { catalog, path } = await declared(file)
  const models = [...catalog.models.values()].filter(({ exposed }) => exposed)
  const rows = models.map((model) => [
    model.name,
    model.kit,
    `${model.fields.size} fields`,
    `${model.relations.size} relations`,
    openness(model),
  ])
  for (const line of columns([['MODEL', 'KIT', '', '', 'RULES'], ...rows])) printData(line)
  const { operations, askedByRules } = catalog
  const roles = askedByRules.roles.size === 0 ? 'none' : [...askedByRules.roles].sort().join(', ')
  tell()
  const advice = [...adviceOnDeclared(catalog), ...(await adviceOnCode(catalog, path))]
  for (const { place, detail } of advice) tell(`consider: ${place}: ${detail}`)
  tell(
    `${catalog.title}: ${models.length} models, ${operations.size} operations. ` +
      `Roles in rules: ${roles}. No mistakes.`,
  )
}

/** Which verbs are open to everybody, under a rule, or closed. */
function openness({ access }: Model): string {
  return (['read', 'create', 'update', 'delete'] as const)
    .map((verb) => {
      const { type, ...rest } = access[verb]
      if (type !== 'constant') return `${verb} by rule`
      return 'value' in rest && rest.value === true ? `${verb} by anyone` : `no ${verb}`
    })
    .join(', ')
}

/** Prints every address of the app. */
export async function routes(file: string | undefined): Promise<void> {
  const { catalog } = await declared(file)
  const lines = addressLines(catalog)
  const rows = lines.map(({ method, path, operation }) => [method, path, operation])
  for (const line of columns(rows)) printData(line)
}

/** Owns `plinth key list|create|rotate|revoke`: the API keys of users. */

import type { RunningApp } from '../../../app/compose.ts'
import type { OperatorKey } from '../../../app/people/keys.ts'
import { findOrganisation } from '../../../app/people/organisations/find.ts'
import { withApp } from '../../session.ts'
import { columns, printData, tell } from '../../terminal.ts'

/** Lists the keys and the agent tokens of a user that count. */
export async function list(app: string | undefined, who: string, form: string): Promise<void> {
  await withApp(app, async ({ running }) => {
    const found = await running.keys.list(who)
    if (form === 'jsonl') {
      for (const { id, sort, name, prefix, scopes, expiresAt, lastUsedAt, ...more } of found) {
        const organisation = more.organisation?.slug ?? null
        const shown = { id, sort, name, prefix, scopes, organisation, expiresAt, lastUsedAt }
        printData(JSON.stringify(shown))
      }
      return
    }
    if (found.length === 0) tell('There are none.')
    const rows = found.map((one) => [
      ...[one.prefix, one.sort, one.name, one.scopes.join(','), one.organisation?.slug ?? '-'],
      ...[one.expiresAt, one.lastUsedAt ?? '-', one.id],
    ])
    const head = [
      ...['PREFIX', 'SORT', 'NAME', 'SCOPES', 'ORGANISATION', 'EXPIRES', 'LAST USED', 'ID'],
    ]
    if (rows.length > 0) for (const line of columns([head, ...rows])) printData(line)
  })
}

/** Makes a key for a user and prints it this once; its organisation by id or slug. */
export async function create(app: string | undefined, key: OperatorKey): Promise<void> {
  const { organisation: which, ...asked } = key
  await withApp(app, async ({ running }) => {
    const found = which === undefined ? undefined : await findOrganisation(running, which)
    show(await running.keys.make({ ...asked, organisation: found?.id }))
  })
}

/** Makes the key that takes another one's place, and prints it this once. */
export async function rotate(
  app: string | undefined,
  given: { readonly id: string; readonly overlapHours: number },
): Promise<void> {
  await withApp(app, async ({ running }) => {
    show(await running.keys.rotate(given))
    tell(`The old one is good for ${given.overlapHours} hours more.`)
  })
}

function show({ id, token, expiresAt }: Awaited<ReturnType<RunningApp['keys']['make']>>): void {
  printData(token)
  tell(`The key ${id}, good until ${expiresAt}. It is shown only now.`)
}

/** Ends a key, or the token of an agent. */
export async function revoke(app: string | undefined, id: string): Promise<void> {
  await withApp(app, ({ running }) => running.keys.revoke(id))
  tell(`The key ${id} is ended: it is dead for the next call.`)
}

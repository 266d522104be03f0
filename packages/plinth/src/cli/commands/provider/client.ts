/** Owns `plinth client add|list|rotate-secret|remove`: programs that may ask people for access. */

import { tokens } from '../../../app/people/sessions.ts'
import {
  addClient,
  listClients,
  type NewClient,
  type Registry,
  removeClient,
  rotateSecret,
} from '../../../app/provider/registry.ts'
import { Failure } from '../../../base/failure.ts'
import { withApp } from '../../session.ts'
import { columns, printData, tell } from '../../terminal.ts'

function withRegistry<T>(
  app: string | undefined,
  work: (registry: Registry) => Promise<T>,
): Promise<T> {
  return withApp(app, ({ loaded, running }) => {
    const { provider } = loaded.app
    if (provider === undefined) {
      const detail =
        'This app is no OAuth provider, so it has no clients: declare `provider` in app({ … }).'
      throw new Failure('conflict', { detail })
    }
    const { records } = running.users
    return work({ records, tokens, clock: running.runtime.clock, declared: provider.clients })
  })
}

/** Registers a program; prints its id, and tells its secret this once. */
export async function add(app: string | undefined, client: NewClient): Promise<void> {
  await withRegistry(app, async (registry) => {
    const { id, secret } = await addClient(registry, client)
    printData(id)
    tell(`Added ${client.name}. It asks people for access by the id ${id}.`)
    if (secret !== undefined) tell(`Secret, shown only now: ${secret}`)
    else tell('It keeps no secret: it proves itself by PKCE alone.')
  })
}

/** Lists all programs, those of the declaration too. */
export async function list(app: string | undefined, form: string): Promise<void> {
  await withRegistry(app, async (registry) => {
    const all = await listClients(registry)
    if (form === 'jsonl') {
      for (const row of all) printData(JSON.stringify(row))
      return
    }
    const head = ['ID', 'NAME', 'KIND', 'SECRET', 'FROM', 'REDIRECTS']
    const rows = all.map(({ id, name, kind, secret, from, redirects }) => [
      ...[id, name, kind, secret, from, redirects.join(' ')],
    ])
    for (const line of columns([head, ...rows])) printData(line)
    if (rows.length === 0) tell('There are none. Add one with: plinth client add <name> …')
  })
}

/** Gives a program another secret; the one before is taken for a while. */
export async function rotate(
  app: string | undefined,
  id: string,
  overlapHours: number,
): Promise<void> {
  await withRegistry(app, async (registry) => {
    const { secret, formerUntil } = await rotateSecret(registry, { id, overlapHours })
    tell(`The new secret of ${id}, shown only now: ${secret}`)
    tell(
      formerUntil === undefined
        ? 'The one before is dead.'
        : `The one before is taken until ${formerUntil}.`,
    )
  })
}

/** Takes a program away; its tokens are dead at once. */
export async function remove(app: string | undefined, id: string): Promise<void> {
  await withRegistry(app, async (registry) => {
    await removeClient(registry, id)
    tell(`${id} is removed: all that it was granted is dead.`)
  })
}

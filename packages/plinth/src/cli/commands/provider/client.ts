/** Owns `plinth client`: add, change, list, rotate-secret, remove programs that ask for access. */

import { readFile } from 'node:fs/promises'
import { tokens } from '../../../app/people/sessions.ts'
import {
  addClient,
  changeClient,
  type Held,
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
    return work({ records, tokens, clock: running.runtime.clock, provider })
  })
}

/** What a command says of a program, its keys as the name of a file. */
export type Told<T> = Omit<T, 'keys'> & { readonly keysFile?: string | undefined }

/** Registers a program; prints its id, and tells its secret this once. */
export async function add(
  app: string | undefined,
  { keysFile, ...client }: Told<NewClient>,
): Promise<void> {
  const keys = await keysIn(keysFile)
  await withRegistry(app, async (registry) => {
    const { id, secret } = await addClient(registry, { ...client, keys })
    printData(id)
    tell(`Added ${client.name}. It asks people for access by the id ${id}.`)
    if (secret !== undefined) tell(`Secret, shown only now: ${secret}`)
    else if (keys) tell(`It proves itself by ${keys.length === 1 ? 'its key' : 'its keys'}.`)
    else tell('It keeps no secret: it proves itself by PKCE alone.')
  })
}

/** The public keys in a file: a key set (`{"keys": […]}`), a list of keys, or one key, as JWK. */
async function keysIn(
  file: string | undefined,
): Promise<readonly Readonly<Record<string, unknown>>[] | undefined> {
  if (file === undefined) return undefined
  const told = await readFile(file, 'utf8')
    .then(
      (text) => JSON.parse(text) as unknown,
      (cause: unknown) => {
        const detail = `--keys: the file ${file} cannot be read. Give the name of a JSON file.`
        throw new Failure('usage', { detail, cause })
      },
    )
    .catch((cause: unknown) => {
      if (cause instanceof Failure) throw cause
      throw new Failure('usage', { detail: `--keys: ${file} holds no JSON.`, cause })
    })
  const set = isRecord(told) && 'keys' in told ? told.keys : told
  const keys: readonly unknown[] = Array.isArray(set) ? set : [set]
  if (keys.every(isRecord)) return keys
  const detail = `--keys: ${file} holds no public keys. Write {"keys": […]}, each key as a JWK.`
  throw new Failure('usage', { detail })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Changes the keys or the scopes of a program. */
export async function change(
  app: string | undefined,
  { keysFile, id, scopes }: Told<Held> & { readonly id: string },
): Promise<void> {
  const keys = await keysIn(keysFile)
  await withRegistry(app, async (registry) => {
    await changeClient(registry, { id, keys, scopes })
    tell(`${id} is changed, from its next request on.`)
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
    const head = ['ID', 'NAME', 'KIND', 'PROOF', 'FROM', 'SCOPES', 'REDIRECTS']
    const rows = all.map(({ id, name, kind, proof, from, scopes, redirects }) => [
      ...[id, name, kind, proof, from, scopes?.join(' ') ?? 'all', redirects.join(' ')],
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

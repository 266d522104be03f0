/** Owns `plinth service list|key|rotate|revoke|token`: what services sign with. */

import { findOrganisation } from '../../../app/people/organisations/find.ts'
import type { ServiceTokenOptions } from '../../../app/services/claims.ts'
import {
  listServiceKeys,
  type MadeKey,
  makeServiceKey,
  revokeServiceKey,
  rotateServiceKey,
  type ServiceParts,
} from '../../../app/services/keys.ts'
import { audienceOf } from '../../../app/services/services.ts'
import { limits } from '../../../base/limits.ts'
import { withApp } from '../../session.ts'
import { columns, printData, tell } from '../../terminal.ts'

function withServices<T>(
  app: string | undefined,
  work: (parts: ServiceParts) => Promise<T>,
): Promise<T> {
  return withApp(app, ({ running, secret }) =>
    work({ runtime: running.runtime, secret, audience: audienceOf(secret) }),
  )
}

/** Lists the services of the app, with the keys of each that count. */
export async function list(app: string | undefined, form: string): Promise<void> {
  await withServices(app, async (parts) => {
    const { services } = parts.runtime.catalog
    const keys = await listServiceKeys(parts)
    if (form === 'jsonl') {
      for (const key of keys) printData(JSON.stringify(key))
      return
    }
    if (services.size === 0 && keys.length === 0) tell('The app declares no services.')
    const rows = [...services.values()].flatMap(({ name, scopes }) => {
      const own = keys.filter(({ service }) => service === name)
      const may = [...scopes].join(',')
      if (own.length === 0) return [[name, may, '-', '-', '-', '-']]
      return own.map((key) => [name, may, key.id, key.holder, key.expiresAt, key.lastUsedAt ?? '-'])
    })
    const lost = keys.filter(({ service }) => !services.has(service))
    const others = lost.map((key) => [
      ...[key.service, 'declared no more', key.id, key.holder, key.expiresAt],
      key.lastUsedAt ?? '-',
    ])
    const head = ['SERVICE', 'SCOPES', 'KEY', 'HELD BY', 'EXPIRES', 'LAST USED']
    const all = [...rows, ...others]
    if (all.length > 0) for (const line of columns([head, ...all])) printData(line)
  })
}

/** Makes a key for a process that signs by itself, and prints it this once. */
export async function makeKey(
  app: string | undefined,
  given: { readonly service: string; readonly days: number },
): Promise<void> {
  await withServices(app, async (parts) => show(await makeServiceKey(parts, given)))
}

/** Makes a key in the place of another one, and prints it this once. */
export async function rotate(
  app: string | undefined,
  given: { readonly id: string; readonly overlapHours: number },
): Promise<void> {
  await withServices(app, async (parts) => show(await rotateServiceKey(parts, given)))
}

function show({ id, credential, expiresAt }: MadeKey): void {
  printData(credential)
  tell(`The key ${id}, good until ${expiresAt}. It is shown only now: keep it as a password.`)
}

/** Ends a key. */
export async function revoke(app: string | undefined, id: string): Promise<void> {
  await withServices(app, (parts) => revokeServiceKey(parts, id))
  tell(`The key ${id} is ended; servers that know it notice in ${limits.serviceKeyKnownMs} ms.`)
}

/** Signs one token and prints it; its organisation by id or slug. */
export async function token(
  app: string | undefined,
  { service, organisation: which, ...options }: ServiceTokenOptions & { readonly service: string },
): Promise<void> {
  await withApp(app, async ({ running }) => {
    const found = which === undefined ? undefined : await findOrganisation(running, which)
    const place = found === undefined ? {} : { organisation: found.id }
    printData(await running.serviceToken(service, { ...options, ...place }))
  })
}

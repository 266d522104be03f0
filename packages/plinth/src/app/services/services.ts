/** Owns the wiring of services: what an app declares of them, and what signs for them here. */

import { scopeProblems } from '../../access/scopes/scopes.ts'
import { Failure } from '../../base/failure.ts'
import { base64url } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { livingOrganisations } from '../../engine/identify/services/organisations.ts'
import type { TokenSort } from '../../engine/identify/tokens.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { deriveKey } from '../config/secret.ts'
import { type ServiceTokenOptions, signToken } from './claims.ts'
import { demandService, type OwnKey, ownKey, type ServiceParts } from './keys.ts'
import { noPlace, serviceTokenSort, type VerifyParts } from './verify.ts'

/** Signs a token for a service of this app, by this installation's own key. */
export type ServiceToken = (service: string, options?: ServiceTokenOptions) => Promise<string>

/**
 * What tokens for an installation name: it comes of its secret, and says nothing of it. A copy of
 * the database under another secret takes none of the tokens of the first.
 */
export function audienceOf(secret: string): string {
  return `plinth:${base64url(deriveKey(secret, 'installation')).slice(0, 22)}`
}

/** Checks the scopes of services. Fails with `declaration_invalid`. */
export function checkServices(catalog: Catalog): void {
  const problems = [...catalog.services.values()].flatMap(({ name, scopes }) =>
    scopeProblems(catalog, [...scopes]).map(({ code, detail }) => {
      return { pointer: `services.${name}`, code, detail }
    }),
  )
  if (problems.length === 0) return
  const lines = problems.map(({ pointer, detail }) => `  ${pointer}: ${detail}`)
  const detail = `The services of the app ask for what there is not:\n${lines.join('\n')}`
  throw new Failure('declaration_invalid', { detail, problems })
}

/** What takes the tokens of services; nothing where the app declares none. */
export function servicesIn(parts: VerifyParts): readonly TokenSort[] {
  return parts.catalog.services.size === 0 ? [] : [serviceTokenSort(parts)]
}

/** What signs for services here. A key that was ended elsewhere is used for five seconds more. */
export function serviceSigner(parts: ServiceParts): ServiceToken {
  const { runtime, audience } = parts
  const held = new Map<string, { readonly key: Promise<OwnKey>; readonly staleMs: number }>()
  const keyOf = (service: string): Promise<OwnKey> => {
    const nowMs = runtime.clock.now()
    const known = held.get(service)
    if (known && nowMs < known.staleMs) return known.key
    const key = ownKey(parts, service)
    held.set(service, { key, staleMs: nowMs + limits.serviceKeyKnownMs })
    key.catch(() => held.delete(service))
    return key
  }
  return async (service, options) => {
    demandService(parts, service)
    const { organisation } = options ?? {}
    if (organisation !== undefined) await demandPlace(runtime, service, organisation)
    const { id: keyId, privateKey } = await keyOf(service)
    const nowMs = runtime.clock.now()
    return signToken({ service, keyId, privateKey, audience, nowMs }, options)
  }
}

/** Signs no token that would be refused. Fails with `invalid_input` and `not_found`. */
async function demandPlace(
  { catalog, database }: Pick<Runtime, 'catalog' | 'database'>,
  service: string,
  organisation: string,
): Promise<void> {
  if (catalog.services.get(service)?.organisationRole === undefined) {
    throw new Failure('invalid_input', { detail: noPlace(service) })
  }
  if (!uuidForm.test(organisation)) {
    const detail = `"${organisation}" is no id of an organisation.`
    throw new Failure('invalid_input', { detail })
  }
  if ((await livingOrganisations(database, [organisation])).has(organisation)) return
  throw new Failure('not_found', { detail: `There is no organisation ${organisation}.` })
}

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

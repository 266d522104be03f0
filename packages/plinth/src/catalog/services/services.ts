/** Owns the check of an app's services: their names, their roles, and what rules call them. */

import type { Service } from '../../define/app/services.ts'
import { type Mistakes, suggestion } from '../mistakes.ts'
import { type Organisations, roleProblem } from '../organisations/roles.ts'

const nameForm = /^[a-z][a-zA-Z0-9-]{0,59}$/

/** What an app has of them: its services, and the roles that it knows. */
export interface DeclaredServices {
  readonly services: ReadonlyMap<string, Service>
  /** Undefined: any. */
  readonly roles: ReadonlySet<string> | undefined
  readonly organisations: Organisations | undefined
}

/** Notes what is wrong with services. Their scopes are checked once all operations are known. */
export function checkServices(
  { services, roles, organisations }: DeclaredServices,
  mistakes: Mistakes,
): void {
  for (const service of services.values()) {
    const place = `services.${service.name}`
    if (!nameForm.test(service.name)) {
      mistakes.add(place, 'a service is a word of letters, digits and -, at most 60 of them')
    }
    if (service.scopes.size === 0) {
      mistakes.add(place, 'say what it may do: scopes: ["order.read"]')
    }
    const { organisationRole } = service
    if (organisationRole !== undefined) {
      const problem = roleProblem(organisations, organisationRole)
      if (problem) mistakes.add(`${place}.organisationRole`, problem)
    }
    for (const role of service.roles) {
      if (roles && !roles.has(role)) {
        mistakes.add(place, `the app has no role "${role}"${suggestion(role, roles)}`)
      }
    }
  }
}

/** What is wrong with a rule that asks for a service. */
export function serviceProblem(
  services: ReadonlyMap<string, Service>,
  name: string,
): string | undefined {
  if (services.has(name)) return undefined
  const cure = `declare it: app({ services: { ${name}: { scopes: […] } } })`
  return `the app has no service "${name}"${suggestion(name, services.keys()) || `: ${cure}`}`
}

/** Owns the kind of role names: texts that the app declares, once it is known which those are. */

import { refuse } from './form/problems.ts'
import type { Kind } from './kind.ts'
import { textKind } from './text-kinds.ts'

/** How long a role's name may be, in characters. */
const charactersMax = 60

/**
 * The name of a role. In an app that declares its roles it is one of them; what is stored already
 * stays readable when a role is taken from the declaration.
 */
export function roleKind(roles?: ReadonlySet<string>): Kind<string> {
  const text = textKind({ max: charactersMax })
  const bound: Kind<string>['bound'] = (app) => roleKind(app.roles)
  if (!roles) return Object.freeze({ ...text, operand: () => text, bound })
  const names = [...roles]
  const check: Kind<string>['check'] = (input, report) => {
    const name = text.check(input, report)
    if (name === undefined || roles.has(name)) return name
    const known = names.length > 0 ? `Give one of: ${names.join(', ')}.` : 'The app has no roles.'
    return refuse(report, 'unknown_role', `There is no role "${name}". ${known}`)
  }
  return Object.freeze({
    ...{ ...text, check, bound, parse: check, operand: () => text },
    jsonSchema: { ...text.jsonSchema, ...(names.length > 0 ? { enum: names } : {}) },
    ...(names[0] === undefined ? {} : { example: names[0] }),
  })
}

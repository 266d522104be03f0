/** Owns the list of controls of bound credentials: how each is taken away, and who must notice. */

import { type Control, type Proof, without } from '../../../armed/control.ts'

function proof(pattern: string): Proof {
  const options = [`--test-name-pattern=^${pattern}`]
  return { file: 'tests/access/tenants/bound/bound.test.ts', options }
}

function ofPrograms(pattern: string): Proof {
  const file = 'packages/plinth/src/identity/proof/provider/programs/offices.test.ts'
  return { file, options: [`--test-name-pattern=^${pattern}`] }
}

/** What holds as long as nothing is taken away. */
export const proofs: readonly Proof[] = [proof(''), ofPrograms('')]

/** Every control whose absence must be noticed. */
export const controls: readonly Control[] = [
  without('the membership without which a key counts for nothing', proof('a role that'), {
    file: 'engine/identify/keys/keys.ts',
    from: 'and (k.organisation_id is null or m.id is not null)',
    to: '',
  }),
  without('the membership that takes keys along', proof('a role that'), {
    file: 'identity/models/parts.ts',
    from: "description: 'Its owner’s place there: it ends with that.',",
    to: "description: 'x',\n    onDelete: 'clear',",
  }),
  without('the one organisation in which a key makes a member', proof('a key reaches'), {
    file: 'access/rule.ts',
    from: '...(bound ? [',
    to: '...(bound && !inOrganisation ? [',
  }),
  without('the place without which a key makes no member', proof('a key of no organisation'), {
    file: 'access/rule.ts',
    from: 'const bound = via !== undefined',
    to: 'const bound = via !== undefined && inOrganisation',
  }),
  without('the binding of what a key has begun', proof('a job that a key'), {
    file: 'work/run/callers.ts',
    from: 'const came = via && { via: { ...via, scopes: undefined, organisation: begunIn } }',
    to: 'const came = {}',
  }),
  without('the place of whoever makes a key', proof('a key is bound'), {
    file: 'identity/keys/bound.ts',
    from: 'await demandMember(inside, { organisationId, userId })',
    to: 'await demandMember(inside, { organisationId, userId }).catch(() => unbound as never)',
  }),
  without('the organisation of a key that takes the place of another', proof('a key is bound'), {
    file: 'identity/keys/rotate.ts',
    from: 'networks, organisationId, membershipId, expiresAt }',
    to: 'networks, organisationId: null, membershipId: null, expiresAt }',
  }),
  without('the declaration of a service that works in organisations', proof('a service works'), {
    file: 'app/services/verify.ts',
    from: 'if (role === undefined) throw',
    to: "if (role === undefined) return { id, role: 'member' }\n  if (role === '') throw",
  }),
  without('the organisation that a service has signed for', proof('a service works'), {
    file: 'app/services/verify.ts',
    from: 'if (living.has(id)) return',
    to: 'if (living.has(id) || living.size === 0) return',
  }),
  without('what was chosen in this very authorization', ofPrograms('two questions'), {
    file: 'app/provider/storage/grants.ts',
    from: 'const chosen = context?.oidc?.result?.consent?.organisation',
    to: 'const chosen = context?.oidc?.result?.consent?.organisation && undefined',
  }),
  without('the organisation for which something was agreed to', ofPrograms('what was agreed'), {
    file: 'identity/provider/parts.ts',
    from: 'known?.organisationId === bound.organisationId ? known.scopes : []',
    to: 'known ? known.scopes : []',
  }),
  without('the membership that takes grants along', ofPrograms('a grant ends'), {
    file: 'identity/models/parts.ts',
    from: "description: 'Its owner’s place there: it ends with that.',",
    to: "description: 'x',\n    onDelete: 'clear',",
  }),
]

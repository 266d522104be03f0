/** Owns the controls over who is shut out: suspended, or held until they have a second factor. */

import { type AttackControl, against } from './against.ts'

const revoked = 'tests/contract/actions/revoked.test.ts'

const accounts = 'packages/plinth/src/identity/proof/accounts'
const suspended = `${accounts}/suspended.test.ts`
const ofPrograms = 'packages/plinth/src/identity/proof/provider/endings.test.ts'

const tokens = against('C11', suspended, 'C11: of an account that was suspended')
const begin = {
  file: 'identity/flows/begin.ts',
  from: '        user.suspended ||\n',
  to: '',
}

const acting = `${accounts}/acting.test.ts`

/** What shuts an account out, each place by itself. */
export const suspendedControls: readonly AttackControl[] = [
  against(
    'E02',
    revoked,
    'E02: nothing is done',
  )('the look at what a waiting call came with', {
    file: 'work/run/ended.ts',
    from: 'if (count > 0) return undefined',
    to: 'if (count >= 0) return undefined',
  }),
  against(
    'E02',
    revoked,
    'E02: a reset',
  )('the end of what was left by those who signed out', {
    file: 'identity/flows/sessions.ts',
    from: 'left.map(({ id }) => signedOutSession.delete(id))',
    to: 'left.map(({ id }) => id)',
  }),
  against(
    'E02',
    revoked,
    'E02: a job',
  )('the end of roles with the key', {
    file: 'work/run/callers.ts',
    from: "ended.has(via?.id ?? '') ? undefined : held.get(keyOf(caller))",
    to: 'ended && held.get(keyOf(caller))',
  }),
  // Their session ends with them, and either stops the call.
  against('C11', acting)(
    'the staff behind a call that waits, and their session',
    {
      file: 'work/run/callers.ts',
      from: 'const wanted = [caller, ...staff]',
      to: 'const wanted = [caller, ...staff.slice(1)]',
    },
    {
      file: 'work/run/ended.ts',
      from: 'if (count > 0) return undefined',
      to: 'if (count >= 0) return undefined',
    },
  ),
  against('A08', acting)('the staff in whose hand a key of a call is', {
    file: 'engine/idempotent.ts',
    from: "impersonator === undefined ? '' :",
    to: "impersonator !== '' ? '' :",
  }),
  tokens('the suspension that a session finds', {
    file: 'engine/identify/sessions.ts',
    from: 'and not u.suspended and u.erased_at is null',
    to: 'and u.erased_at is null',
  }),
  tokens('the suspension that a key finds', {
    file: 'engine/identify/keys/keys.ts',
    from: 'and not u.suspended and not u.guest',
    to: 'and not u.guest',
  }),
  tokens('the suspension that what was mailed finds', {
    file: 'identity/flows/mail-proof.ts',
    from: 'if (owner.suspended || stale || left)',
    to: 'if (stale || left)',
  }),
  against(
    'C11',
    suspended,
    'C11: nor does another provider',
  )('the suspension that another provider’s answer finds', begin),
  against('C11', `${accounts}/by-staff.test.ts`, 'C11: a suspension by REST')(
    'the end of sessions by a suspension',
    {
      file: 'identity/accounts/changes.ts',
      from: 'if (suspended && !before.suspended) await endSessions(inside, userId)',
      to: '',
    },
    {
      file: 'app/people/leaving/keepers.ts',
      from: 'if (suspended) await shutOut(runtime.catalog, records, userId)',
      to: '',
    },
  ),
  against(
    'C13',
    ofPrograms,
    'C13: what programs have',
  )('the holding of what programs have', {
    file: 'engine/identify/oauth/access-tokens.ts',
    from: "isHeld === 't' ? { ...told, held: true } : told",
    to: 'isHeld ? whose : whose',
  }),
]

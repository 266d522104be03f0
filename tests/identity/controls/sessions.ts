/** Owns the controls of sessions, factors and keys: C11 to C17, C21, C28. */

import { type AttackControl, against, byDoors } from './against.ts'

const acting = 'tests/identity/acting.test.ts'
const sessions = byDoors('sessions')
const live = byDoors('live')
const tokens = byDoors('tokens')
const demanded = 'packages/plinth/src/identity/proof/demanded/demanded.test.ts'
// Of ends that never come a proof tells late: one door of each protocol is enough for them.
const waitingDoors = 'by (SSE|GraphQL over WebSocket)'
const waiting = [
  { file: 'engine/identify/sessions.ts', from: '/^pls_[A-Za-z', to: '/^pl[sp]_[A-Za-z' },
  {
    file: 'identity/flows/begin.ts',
    from: '        await data.unrestricted.pendingSignIn.create({',
    to: [
      '        const early = sessionValues(scope, { method, hash: pending.hash, expiresAt })',
      '        await data.unrestricted.session.create({ ...early, assurance: 1, userId: id })',
      '        await data.unrestricted.pendingSignIn.create({',
    ].join('\n'),
  },
]
const rotated = {
  file: 'identity/second-factor/rotation.ts',
  from: '{ tokenHash: hash, ...proven }',
  to: '{ ...proven }',
}
const claimed = {
  file: 'identity/flows/link.ts',
  from: 'if (emailVerifiedAt === null) await claim',
  to: "if (emailVerifiedAt === '') await claim",
}
const scopes = {
  file: 'engine/operations/permit.ts',
  from: '  const via = viaOf(caller)\n  if (via === undefined) return\n',
  to: '  const via = viaOf(caller)\n  if (via === undefined || operation) return\n',
}

const byStaff = 'packages/plinth/src/identity/proof/accounts/signed-out.test.ts'

/** What holds sessions apart, and ends them. */
export const sessionControls: readonly AttackControl[] = [
  against('C12', 'packages/plinth/src/identity/proof/accounts/neighbours.test.ts')(
    'the exact name of a cookie',
    {
      file: 'http/cookies.ts',
      from: "slice(0, equals).replace(around, '')",
      to: 'slice(0, equals).trim()',
    },
  ),
  against('C11', byStaff)('the end of sessions that staff ends', {
    file: 'identity/accounts/staff/sign-out-user.ts',
    from: 'await endSessions(inside, userId)',
    to: '',
  }),
  against('C11', sessions)('the end of sessions with what they began by', {
    file: 'identity/flows/sessions.ts',
    from: 'found.filter(({ id }) => id !== keep)',
    to: 'found.filter(({ id }) => id === undefined)',
  }),
  against(
    'C11',
    'tests/identity/rights.test.ts',
    'C11: an address',
  )('the watch over accounts that others change', {
    file: 'app/compose.ts',
    from: "new Map([['user', accountKeeper(known.identity)]])",
    to: 'new Map()',
  }),
  against(
    'C11',
    live,
    `C11.*${waitingDoors}`,
  )('the look at callers whose rows change', {
    file: 'engine/live/callers.ts',
    from: '    if (!schemas.has(',
    to: '    if (name !== "" || !schemas.has(',
  }),
  against('C12', sessions)('the new token of a session that goes on', rotated),
  against(
    'C12',
    live,
    `C12.*${waitingDoors}`,
  )('the new token of a session that goes on, by live reads', rotated),
  against('C13', sessions)('a session is no sign-in that waits', ...waiting),
  against('C13', live)('a session is no sign-in that waits, by live reads', ...waiting),
  against('C13', demanded)('the holding of those who lack a demanded factor', {
    file: 'engine/identify/tokens.ts',
    from: '.then((caller) => demandNotHeld(caller, came))',
    to: '',
  }),
  against('C16', demanded)('the fresh proof of whoever resets factors', {
    file: 'identity/second-factor/reset.ts',
    from: '    return demandFreshProof(scope)\n',
    to: '    return caller.id\n',
  }),
  against('C14', sessions)('the second factor where sessions begin', {
    file: 'identity/flows/begin.ts',
    from: '        user.secondFactor &&\n',
    to: '        user.secondFactor === null &&\n',
  }),
  against('C15', sessions)('the single use of a code of time', {
    file: 'identity/second-factor/check.ts',
    from: 'step === undefined || step <= kept.lastStep',
    to: 'step === undefined',
  }),
  against('C15', sessions)('the single use of a recovery code', {
    file: 'identity/second-factor/check.ts',
    from: "if (kept === undefined || !(await recoveryCode.consumeOnce(kept.id, 'usedAt')))",
    to: 'if (kept === undefined)',
  }),
  against(
    'C16',
    acting,
    'C16: who acts as a user changes',
  )('the name that staff does not give', {
    file: 'identity/kit.ts',
    from: 'row.id.eq(me.id).and(me.impersonated.not()).or(',
    to: 'row.id.eq(me.id).or(',
  }),
  against(
    'C16',
    acting,
    'C16: who acts as a user changes',
  )('the person that flows ask for', {
    file: 'identity/accounts/person.ts',
    from: 'if (caller.impersonator !== undefined) {',
    to: 'if (caller.impersonator === caller.id) {',
  }),
  against(
    'C16',
    acting,
    'C16: who acts as a user does',
  )('the password beside a mail', {
    file: 'identity/flows/email.ts',
    from: 'const here = inPerson && caller.id',
    to: "const here = caller.is === 'user' && caller.id",
  }),
  against('C16', sessions)('the fresh proof before factors change', {
    file: 'identity/second-factor/totp.ts',
    from: 'if (agoMs <= limits.provedMinutesForFactors * minuteMs) return userId',
    to: 'if (agoMs >= 0) return userId',
  }),
  against('C17', sessions)('the claim of an account by its address', claimed),
  against(
    'C17',
    live,
    `C17.*${waitingDoors}`,
  )('the claim of an account by its address, by live reads', claimed),
  against(
    'C21',
    tokens,
    'C21: a token',
  )('the table of each mail', {
    file: 'identity/mail/mailed.ts',
    from: 'data.unrestricted[mailedModels[purpose]]',
    to: "data.unrestricted[mailedModels[purpose && 'sign-in']]",
  }),
  against(
    'C21',
    tokens,
    'C21: no token',
  )('the refusal of what is no credential', {
    file: 'engine/invoke.ts',
    from: "if (credential.from === 'cookie') return",
    to: 'return',
  }),
  against('C28', sessions)('the scopes of a key', scopes),
  against('C28', live)('the scopes of a key, by live reads', scopes, {
    file: 'access/scopes/scopes.ts',
    from: '  if (scopes === undefined || !model.exposed) return true',
    to: '  if (scopes !== null) return true',
  }),
]

/** Owns the controls that keep one factor, or an earlier hand, from an account. */

import { type AttackControl, against } from './against.ts'

const proofs = 'packages/plinth/src/identity/proof'
const endings = `${proofs}/endings.test.ts`
const passkeys = `${proofs}/passkeys/second-step.test.ts`
const endpoints = 'packages/plinth/src/work/webhooks/proof/persons.test.ts'
const outlives = `${proofs}/outlives.test.ts`
const foreign = 'who shows an address first finds'

/** What an account is not taken over by. */
export const takeoverControls: readonly AttackControl[] = [
  against(
    'C17',
    endings,
    foreign,
  )('what a reset ends beside the password', {
    file: 'identity/flows/password.ts',
    from: 'if (proves) await endOtherWays(scope, userId)',
    to: '',
  }),
  against(
    'C17',
    endings,
    foreign,
  )('what a first sign-in by link ends', {
    file: 'identity/flows/link.ts',
    from: 'await endOtherWays(inside, userId)',
    to: '',
  }),
  against(
    'C17',
    endings,
    'who shows an address first is listened',
  )('what tells others of the account', {
    file: 'identity/flows/sessions.ts',
    from: 'if (webhookEndpoint) await endAll(',
    to: 'if (webhookEndpoint) void (',
  }),
  against('C17', `${proofs}/outside/unclaimed.test.ts`)('whom an unclaimed sign-up keeps out', {
    file: 'identity/accounts/unclaimed.ts',
    from: 'if (!holder?.unclaimed) return holder',
    to: 'if (holder) return holder',
  }),
  against(
    'C11',
    outlives,
    'C11: no trust in a device outlives signing out',
  )('the trust in devices behind signing out everywhere', {
    file: 'identity/flows/sign-in.ts',
    from: 'await endTrust(inside, userId)',
    to: 'void endTrust',
  }),
  against(
    'C11',
    outlives,
    'C11: no trust in a device outlives the password',
  )('the trust in devices behind a new password', {
    file: 'identity/flows/password.ts',
    from: 'await endTrust(scope, userId)',
    to: 'if (provedEmail !== undefined) await endTrust(scope, userId)',
  }),
  against(
    'C11',
    outlives,
    'C11: a session ends where its cookie',
  )('the session whose cookie gives way', {
    file: 'identity/flows/begin.ts',
    from: 'if (cookie) await endReplaced(scope, inside)',
    to: 'void endReplaced',
  }),
  against(
    'C14',
    `${proofs}/mail.test.ts`,
    'ASVS 6.3.6',
  )('how an app leaves out signing in by mail', {
    file: 'identity/flows/flows.ts',
    from: '...(parts.byMail ? [',
    to: '...(parts !== undefined ? [',
  }),
  against('C01', outlives)('the mail of a device where none is known any more', {
    file: 'identity/flows/begin.ts',
    from: 'known.length === 0 && Date.parse(user.createdAt) > scope.nowMs - dayMs',
    to: 'known.length === 0',
  }),
  against(
    'C16',
    outlives,
    'C16: a change of address',
  )('who is told of a new address', {
    file: 'identity/flows/email.ts',
    from: 'await tellOfChange(parts, inside, { to: before, what })',
    to: 'void [before, what]',
  }),
  against(
    'C15',
    outlives,
    'C15: the use of a recovery code',
  )('who is told of a recovery code', {
    file: 'identity/second-factor/check.ts',
    from: 'await tellOfChange(parts, scope, { to: (await user.get(userId)).email, what })',
    to: 'void [tellOfChange, user, what]',
  }),
  against(
    'C16',
    outlives,
    'C16: a proof that is yet to come',
  )('a proof that is yet to come', {
    file: 'engine/identify/sessions.ts',
    from: 'agoMs < -skewMs ? Number.POSITIVE_INFINITY : Math.max(0, agoMs)',
    to: 'Math.max(0, agoMs)',
  }),
  against('C17', `${proofs}/outside/attacks.test.ts`)('the form of an address a provider tells', {
    file: 'identity/outside/finish.ts',
    from: 'who.vouched ? accountAddress(who.email)',
    to: 'who.vouched ? who.email?.toLowerCase()',
  }),
  against(
    'C16',
    `${proofs}/outside/fresh.test.ts`,
    'C16: a step up',
  )('the age of what a provider says', {
    file: 'identity/outside/finish.ts',
    from: 'const at = freshThere(provider, who, scope.nowMs)',
    to: 'const at = scope.now\n  void freshThere',
  }),
  against(
    'C16',
    `${proofs}/outside/fresh.test.ts`,
    'C16: signing in',
  )('how fresh a sign-in by a provider is', {
    file: 'identity/outside/finish.ts',
    from: "met === 'made' ? now : provedThere(who, nowMs)",
    to: "met === 'made' ? now : (provedThere(who, nowMs), now)",
  }),
  against(
    'C16',
    `${proofs}/outside/fresh.test.ts`,
    'C16: a provider that can never',
  )('which providers can be asked for a fresh proof', {
    file: 'identity/outside/begin.ts',
    from: "if (purpose === 'step-up') demandTellsTime(provider)",
    to: 'void demandTellsTime',
  }),
  against(
    'C16',
    `${proofs}/step-up.test.ts`,
    'C16: a password alone .* by step-up',
  )('how many factors a step up has shown', {
    file: 'identity/second-factor/step-up.ts',
    from: 'proof: { factors: take ? 2 : 1, at: inside.now }',
    to: 'proof: { factors: 2, at: inside.now }',
  }),
  against(
    'C16',
    `${proofs}/step-up.test.ts`,
    'C16: a password alone .* by change-password',
  )('how many factors a new password has shown', {
    file: 'identity/flows/password.ts',
    from: 'const proof = { factors: 1, at: inside.now } as const',
    to: 'const proof = { factors: 2, at: inside.now } as const',
  }),
  against('C16', `${proofs}/outside/walk.test.ts`)('what a provider alone makes fresh', {
    file: 'identity/outside/finish.ts',
    from: 'if (secondFactor) throw stepUpRequired()',
    to: '',
  }),
  against(
    'C16',
    passkeys,
    'C16: once it is on',
  )('the factors behind a new app', {
    file: 'identity/second-factor/totp.ts',
    from: 'one factor adds no other one beside them.\n        await demandAllFactors(',
    to: 'one factor adds no other one beside them.\n        void (',
  }),
  against(
    'C16',
    passkeys,
    'C16: one factor',
  )('the factors behind an app that is confirmed', {
    file: 'identity/second-factor/totp.ts',
    from: 'commit<Confirmed, Sight>(async (inside) => {\n        await demandAllFactors(',
    to: 'commit<Confirmed, Sight>(async (inside) => {\n        void (',
  }),
  against(
    'C28',
    `${proofs}/accounts/staff.test.ts`,
    'ends no key',
  )('whose keys staff that acts as somebody ends', {
    file: 'identity/models/keys.ts',
    from: 'delete: mineInPerson,',
    to: 'delete: mine,',
  }),
  against(
    'E04',
    endpoints,
    'E04: staff',
  )('where staff that acts as somebody sends their events', {
    file: 'webhooks/kit.ts',
    from: 'update: ({ row, me }) =>\n          row.ownerId.eq(me.id).and(me.impersonated.not())',
    to: 'update: ({ row, me }) =>\n          row.ownerId.eq(me.id)',
  }),
  against(
    'E04',
    endpoints,
    'E04: staff',
  )('whose endpoints staff that acts as somebody ends', {
    file: 'webhooks/kit.ts',
    from: 'delete: ({ row, me }) =>\n          row.ownerId.eq(me.id).and(me.impersonated.not())',
    to: 'delete: ({ row, me }) =>\n          row.ownerId.eq(me.id)',
  }),
  against(
    'C28',
    endpoints,
    'C28: no key',
  )('the endpoints that outlive a credential', {
    file: 'access/scopes/scopes.ts',
    from: "new Set(['identity', 'oauth', 'webhooks'])",
    to: "new Set(['identity', 'oauth'])",
  }),
]

/** Owns the list of identity's controls: how each is taken away, and which proof must notice. */

import { type Control, type Proof, without } from '../armed/control.ts'

function attack(file: string, pattern: string): Proof {
  return { file: `tests/identity/${file}.test.ts`, options: [`--test-name-pattern=^${pattern}`] }
}

const account = (pattern: string): Proof => attack('attacks', pattern)
const right = (pattern: string): Proof => attack('rights', pattern)

/** What holds as long as nothing is taken away, the files of the proofs show themselves. */
export const proofs: readonly Proof[] = []

/** Every control whose absence must be noticed. */
export const controls: readonly Control[] = [
  without('the count of guesses at an account', account('C01'), {
    file: 'identity/flows/sign-in.ts',
    from: '  await takeTries({ take }, key)\n',
    to: '',
  }),
  without('the network of an address', account('C02'), {
    file: 'base/network.ts',
    from: '.slice(0, 4)\n',
    to: '.slice(0, 8)\n',
  }),
  without('the one count for all doors', account('C05'), {
    file: 'identity/flows/sign-in.ts',
    from: '  await takeTries({ take }, key)\n',
    to: '',
  }),
  without('the alike answer to an address that is taken', account('C06'), {
    file: 'identity/flows/sign-up.ts',
    from: '        if (owner === undefined) await user.create',
    to: "        if (!fresh) throw new Failure('conflict')\n        if (!owner) await user.create",
  }),
  without('the measure of new passwords', account('C08'), {
    file: 'identity/passwords/passwords.ts',
    from: '      if (problem) throw',
    to: '      if (problem === null) throw',
  }),
  without(
    'the single use of what was mailed',
    account('C09'),
    {
      file: 'identity/flows/mail-proof.ts',
      from: "!(await mailProof.consumeOnce(proof.id, 'usedAt'))",
      to: 'false',
    },
    {
      file: 'identity/flows/mail-proof.ts',
      from: 'const stale = proof.passwordHash !== null &&',
      to: 'const stale = proof.passwordHash === undefined &&',
    },
    {
      file: 'identity/flows/password.ts',
      from: 'for (const { id, usedAt } of sent) if (usedAt === null)',
      to: 'for (const { id } of sent) if (id === undefined)',
    },
  ),
  without('the purpose of what was mailed', account('C10'), {
    file: 'identity/flows/mail-proof.ts',
    from: '{ tokenHash: tokens.hash(shown.token), purpose: shown.purpose }',
    to: '{ tokenHash: tokens.hash(shown.token) }',
  }),
  without('the new token of a session that goes on', account('C12'), {
    file: 'identity/second-factor/rotation.ts',
    from: '{ tokenHash: hash, ...changes }',
    to: '{ ...changes }',
  }),
  without('the second factor where sessions begin', account('C14'), {
    file: 'identity/flows/begin.ts',
    from: '        user.secondFactor &&\n',
    to: '        user.secondFactor === null &&\n',
  }),
  without('the single use of a code of time', account('C15'), {
    file: 'identity/second-factor/check.ts',
    from: 'step === undefined || step <= kept.lastStep',
    to: 'step === undefined',
  }),
  without('the single use of a recovery code', account('C15'), {
    file: 'identity/second-factor/check.ts',
    from: "kept !== undefined && (await recoveryCode.consumeOnce(kept.id, 'usedAt'))",
    to: 'kept !== undefined',
  }),
  without('the fresh proof before factors change', account('C16'), {
    file: 'identity/second-factor/totp.ts',
    from: 'if (agoMs <= limits.provedMinutesForFactors * minuteMs) return userId',
    to: 'if (agoMs >= 0) return userId',
  }),
  without('the claim of an account by its address', account('C17'), {
    file: 'identity/flows/link.ts',
    from: 'if (emailVerifiedAt === null) await claim',
    to: "if (emailVerifiedAt === '') await claim",
  }),
  without('the end of sessions with what they began by', right('C11'), {
    file: 'identity/flows/sessions.ts',
    from: 'found.filter(({ id }) => id !== keep)',
    to: 'found.filter(({ id }) => id === undefined)',
  }),
  without('the watch over accounts that others change', right('C11'), {
    file: 'app/compose.ts',
    from: "new Map([['user', accountWatch(known.identity)]])",
    to: 'new Map()',
  }),
  without(
    'the difference between a session and a sign-in that waits',
    right('C13'),
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
  ),
  without('the refusal of a wrong credential', right('E02'), {
    file: 'engine/invoke.ts',
    from: "if (credential.from === 'cookie') return",
    to: 'return',
  }),
  without('the fields that only the staff writes', right('E04'), {
    file: 'identity/kit.ts',
    from: "roles: { write: ({ me }) => me.is('admin') },",
    to: 'roles: {},',
  }),
  without('the fields that nobody writes', right('E04'), {
    file: 'identity/kit.ts',
    from: 'emailVerifiedAt: { write: nobody },',
    to: 'emailVerifiedAt: {},',
  }),
  without('the rule of creation', right('F02'), {
    file: 'query/write/verdict.ts',
    from: "before ? 'updated' : 'create'",
    to: "before ? 'updated' : 'read'",
  }),
  without('the origin of what a cookie sends', right('H01'), {
    file: 'http/origin/csrf.ts',
    from: 'if (!fromOurPages(request)) {',
    to: 'if (request === undefined) {',
  }),
]

/** Owns the controls against guessing at accounts: C01 to C10. */

import { type AttackControl, against, byDoors } from './against.ts'

const guessing = byDoors('guessing')
const signIn = 'packages/plinth/src/identity/proof/sign-in.test.ts'
const counted = {
  file: 'identity/flows/sign-in.ts',
  from: '  await takeTries({ take }, key)\n',
  to: '',
}

/** What holds guesses off. */
export const guessingControls: readonly AttackControl[] = [
  against('C01', guessing)('the count of guesses at an account', counted),
  against('C02', guessing)('the network of an address', {
    file: 'base/network.ts',
    from: 'prefixOf(groups, 4)',
    to: 'prefixOf(groups, 8)',
  }),
  against('C02', signIn)('the site of an address', {
    file: 'identity/flows/allowances.ts',
    from: '...(site === undefined ? [] : [more])',
    to: '...(site === undefined ? [] : [more].slice(1))',
  }),
  against(
    'C07',
    signIn,
    'C07: no network uses up',
  )('the own count of mails of each network', {
    file: 'identity/flows/allowances.ts',
    from: 'limit: limits.accountMailsPerQuarterHour, windowMs',
    to: 'limit: own, windowMs',
  }),
  against('C03', byDoors('server'))('the hops that are trusted', {
    file: 'http/server/request.ts',
    from: 'return clientAddress(this.#message, list, trustedProxies)',
    to: "return this.header('x-forwarded-for') ?? clientAddress(this.#message, list, 0)",
  }),
  against('C03', byDoors('live'))('the origin of a connection', {
    file: 'http/origin/socket.ts',
    from: "  throw new Failure('csrf_refused', {",
    to: "  if (origin !== '') return 'own'\n  throw new Failure('csrf_refused', {",
  }),
  against('C04', guessing)('the one statement that counts and judges', {
    file: 'effects/allowance.ts',
    from: "if (isSabotaged('two-step-take')) return",
    to: "if (key !== '') return",
  }),
  against('C05', guessing)('the one count for all doors', counted),
  against('C05', byDoors('live'))('the end of a connection that guesses', {
    file: 'live/client-message.ts',
    from: 'if (odd !== undefined) throw wrong',
    to: "if (odd === '') throw wrong",
  }),
  against('C06', guessing)('the alike answer to an address that is taken', {
    file: 'identity/flows/sign-up.ts',
    from: '        if (owner === undefined) await user.create',
    to: "        if (!fresh) throw new Failure('conflict')\n        if (!owner) await user.create",
  }),
  against('C07', guessing)('the own count of a device that is known', {
    file: 'identity/flows/sign-in.ts',
    from: 'const key = known ? `',
    to: 'const key = known && !known ? `',
  }),
  against('C08', guessing)('the measure of new passwords', {
    file: 'identity/passwords/passwords.ts',
    from: '      if (problem) throw',
    to: '      if (problem === null) throw',
  }),
  against('C09', guessing)(
    'the single use of what was mailed',
    {
      file: 'identity/flows/mail-proof.ts',
      from: "!(await mailed.consumeOnce(proof.id, 'usedAt'))",
      to: 'false',
    },
    {
      file: 'identity/flows/mail-proof.ts',
      from: 'const stale = proof.passwordHash !== null &&',
      to: 'const stale = proof.passwordHash === undefined &&',
    },
    {
      file: 'identity/mail/mailed.ts',
      from: 'for (const { id, usedAt } of sent) if (usedAt === null)',
      to: 'for (const { id } of sent) if (id === undefined)',
    },
  ),
  against('C10', guessing)('the table of each purpose of what is mailed', {
    file: 'identity/mail/mailed.ts',
    from: 'data.unrestricted[mailedModels[purpose]]',
    to: "data.unrestricted[mailedModels[purpose && 'sign-in']]",
  }),
]

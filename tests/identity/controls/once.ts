/** Owns the controls over what is good once, proven by fifty who come with it at the same time. */

import { type AttackControl, against } from './against.ts'

const races = 'tests/identity/once/races.test.ts'
const ofPrograms = 'tests/identity/once/provider-races.test.ts'

const all = 'tests/identity/once/cross-product.test.ts'

const marking = {
  file: 'engine/logic/data/records.ts',
  from: "return step(scope, { model, field: known as ModelField, step: { is: 'consume' } })",
  to: 'return Promise.resolve(scope !== undefined)',
}
const using = {
  file: 'engine/identify/oauth/kept.ts',
  from: 'const { count } = await database.query(statement(change))\n  return count === 1',
  to: 'await database.query(statement(change))\n  return true',
}

const storage = 'app/provider/storage/storage.ts'
// The library itself looks whether something was used when it found it: a second wall.
const seen = [
  {
    file: storage,
    from: 'const consumed = usedAtMs === undefined ? {} :',
    to: 'const consumed = {} ||',
  },
  {
    file: storage,
    from: '...(found.usedAt === null ? {} : {',
    to: '...(found !== null ? {} : {',
  },
]

const ofMail = {
  file: 'identity/flows/mail-proof.ts',
  from: "if (!proof || !(await mailed.consumeOnce(proof.id, 'usedAt'))) throw usedUp()",
  to: 'if (!proof) throw usedUp()',
}

// Behind the one statement stand the guest who is none any more, the wish that is gone, and the
// address that is taken by then: each of them a wall by itself.
const upgrade = 'identity/accounts/upgrade.ts'
const ofGuests = [
  {
    file: upgrade,
    from: "if (!proof || !(await upgradeLink.consumeOnce(proof.id, 'usedAt'))) throw notGood()",
    to: 'if (!proof) throw notGood()',
  },
  {
    file: upgrade,
    from: ' || !(await user.get(userId)).guest) throw notGood()',
    to: ' || user === undefined) throw notGood()',
  },
  {
    file: upgrade,
    from: 'await inside.data.unrestricted.guestUpgrade.delete(asked.id)',
    to: '',
  },
  {
    file: upgrade,
    from: "if (other === undefined || other === 'unclaimed') return",
    to: 'if (other !== null) return',
  },
]

/** What lets one of many through. */
export const onceControls: readonly AttackControl[] = [
  against(
    'C15',
    races,
    'C15: of (fifty who (follow|type)|as many as may try a recovery)',
  )('the one statement that uses something up', marking),
  against(
    'C09',
    races,
    'C09: of fifty who confirm an address',
  )('the one statement that uses up what confirms an address', ofMail),
  against(
    'C09',
    races,
    'C09: of fifty who confirm a new address',
  )('the one statement that uses up what confirms a new address', ofMail),
  against(
    'C15',
    races,
    'C15: of fifty who end one sign-in',
  )('the one statement that ends a sign-in that waits', {
    file: 'identity/second-factor/pending.ts',
    from: "const first = await pendingSignIn.consumeOnce(boundTo, 'usedAt')",
    to: 'const first = pendingSignIn !== undefined',
  }),
  against(
    'C12',
    races,
    'C12: of fifty',
  )('what lets one of many make an account of a guest', ...ofGuests),
  against('E04', races, 'E04: of fifty')('the one statement that uses an invitation up', marking),
  against('C09', races, 'C09: of fifty')(
    'the one statement that uses a token of a mail up',
    marking,
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
  against(
    'C15',
    races,
    'C15: of as many as may try a code of time',
  )('the step of time that goes up alone', {
    file: 'identity/second-factor/check.ts',
    from: 'step === undefined || step <= kept.lastStep',
    to: 'step === undefined',
  }),
  against('C23', ofPrograms, 'C23')(
    'the one statement that uses up what a program was given',
    using,
    ...seen,
  ),
  against('C24', ofPrograms, 'C24')('the one statement that uses a refresh token up', using),
  against('C20', ofPrograms, 'C20')('the one statement that uses up what was sent ahead', using),
  against('C27', ofPrograms, 'C27')('the one statement that answers a device', marking),
  against(
    'C18',
    ofPrograms,
    'C18',
  )('the look at the answer that was given before', {
    file: 'identity/provider/consent.ts',
    from: ' || (await oauthInteraction.lock(rowId)).result !== null',
    // Slow in its place, so that others are between their look and their answer on any machine.
    to: ' || (await new Promise((done) => setTimeout(done, 100)))',
  }),
  against(
    'C21',
    all,
    'C21: of all',
  )('the table of each mail, among all that there is', {
    file: 'identity/mail/mailed.ts',
    from: 'data.unrestricted[mailedModels[purpose]]',
    to: "data.unrestricted[mailedModels[purpose && 'sign-in']]",
  }),
]

/** Owns the controls of what is proven beside its flows: other providers, passkeys, logs, tries. */

import { type AttackControl, against, byDoors } from './against.ts'

const proof = (path: string): string => `packages/plinth/src/identity/proof/${path}.test.ts`
const outside = proof('outside/attacks')
const client = 'app/people/outside/client.ts'
const passkeysByDoors = byDoors('elsewhere/passkeys')

const outsideByDoors = byDoors('elsewhere/outside')
const waits = {
  file: 'identity/outside/link.ts',
  from: "if (link.userId !== userId || link.need === 'email') throw goneLink()",
  to: "if (link.need === 'email') throw goneLink()",
}
const party = {
  file: client,
  from: 'if (claims.azp !== undefined && claims.azp !== clientId) throw',
  to: "if (claims.azp !== undefined && clientId === '') throw",
}
const signature = {
  file: 'app/people/outside/configurations.ts',
  from: 'const checks = [library.enableNonRepudiationChecks]',
  to: 'const checks: (typeof library.enableNonRepudiationChecks)[] = []',
}
const browser = {
  file: 'identity/outside/begin.ts',
  from: 'const filter = { id: back.attemptId, tokenHash, provider,',
  to: 'const filter = { id: back.attemptId, provider,',
}

/** What holds off those who come from elsewhere. */
export const elsewhereControls: readonly AttackControl[] = [
  // Its address is held against that of the account as well: a second wall.
  against('C18', outsideByDoors)('the account that a link waits for, by every door', waits, {
    file: 'identity/outside/link.ts',
    from: "if (link.need === 'sign-in' && accountAddress(link.email) !== email) throw goneLink()",
    to: '',
  }),
  against('C19', outsideByDoors)('the party that an ID token is for, by every door', party),
  against('C25', outsideByDoors)('the signature of an ID token, by every door', signature),
  against('C20', outsideByDoors)('the browser in which an attempt began, by every door', browser),
  against('C18', outside)('the account that a link waits for', waits),
  against('C19', outside, 'C19')('the party that an ID token is for', party),
  against('C25', outside, 'C19, C25')('the signature of an ID token', signature),
  against('C20', outside)('the browser in which an attempt began', browser),
  against('C22', outside)('the places that somebody is led on to', {
    file: 'base/web/local-place.ts',
    from: "  if (read?.origin !== nowhere || read.pathname.startsWith('//')) return undefined\n",
    to: '  if (read?.origin !== nowhere) return text\n',
  }),
  against(
    'C26',
    proof('passkeys/attacks'),
    'C26: whatever is wrong with a use',
  )('the demand that the holder of a passkey was checked', {
    file: 'app/people/web-authn.ts',
    from: 'expectedRPID: rpID, requireUserVerification: true }',
    to: 'expectedRPID: rpID, requireUserVerification: false }',
  }),
  against(
    'C26',
    proof('passkeys/attacks'),
    'C26: a challenge is good for five',
  )('the single use of a challenge', {
    file: 'identity/passkeys/challenges.ts',
    from: "return passkeyChallenge.consumeOnce(kept.id, 'usedAt')",
    to: 'return true',
  }),
  against(
    'C26',
    passkeysByDoors,
    'C26: whatever',
  )('the demand that the holder of a passkey was checked, by every door', {
    file: 'app/people/web-authn.ts',
    from: 'expectedRPID: rpID, requireUserVerification: true }',
    to: 'expectedRPID: rpID, requireUserVerification: false }',
  }),
  against(
    'C26',
    passkeysByDoors,
    'C26: once',
  )('the single use of a challenge, by every door', {
    file: 'identity/passkeys/challenges.ts',
    from: "return passkeyChallenge.consumeOnce(kept.id, 'usedAt')",
    to: 'return true',
  }),
  against(
    'C07',
    proof('hashes'),
    'C07: each stage',
  )('the hour of tries', {
    file: 'identity/flows/allowances.ts',
    from: 'limit: limits.signInsPerHourPerAccount',
    to: 'limit: 9_999',
  }),
  against(
    'C07',
    proof('hashes'),
    'C07: a day',
  )('the day of tries', {
    file: 'identity/flows/allowances.ts',
    from: 'limit: limits.signInsPerDayPerAccount',
    to: 'limit: 9_999',
  }),
  against(
    'C16',
    proof('step-up'),
    'tells whoever has but one',
  )('the word of what is missing where there is no second factor', {
    file: 'engine/operations/permit.ts',
    from: 'lackingFactor.add(failure)',
    to: 'lackingFactor.has(failure)',
  }),
  against(
    'L03',
    'packages/plinth/src/define/html.test.ts',
    'L03: what somebody sent',
  )('the mark of what the tag has made', {
    file: 'define/html.ts',
    from: 'return made in value ? value.text :',
    to: "return 'text' in value ? value.text :",
  }),
  against('L04', 'tests/identity/log.test.ts')('the silence of the log about values', {
    file: 'http/server/exchange.ts',
    from: 'const message = `The request failed:',
    to: 'const message = this.message.url + `The request failed:',
  }),
  against(
    'C01',
    'tests/identity/nodes/nodes.test.ts',
    '(C01|C02|C04)',
  )('the one count for all nodes', {
    file: 'effects/allowance.ts',
    from: 'values: [key, now,',
    to: 'values: [process.pid + key, now,',
  }),
]

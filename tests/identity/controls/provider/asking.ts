/** Owns the controls of what people are asked, and of their answers. */

import { type ProviderControl, without } from './control.ts'

const policy = 'app/provider/library/policy.ts'
const consent = 'identity/provider/consent.ts'
const device = 'identity/provider/device.ts'

/** What asks people, and believes their answers. */
export const asking: readonly ProviderControl[] = [
  without(
    'the comparing of what is asked for with what was agreed to',
    ['consent', 'what was agreed to'],
    [
      'app/provider/storage/grants.ts',
      '!asked.every((scope) => agreed.has(scope))',
      '!asked.some((scope) => agreed.has(scope))',
    ],
  ),
  without(
    'the question to users of a program that can be imitated',
    ['consent', 'a native program'],
    ['app/provider/storage/grants.ts', ' || asksAnew(context)', ''],
    [
      policy,
      "const unasked = 'the user has not been asked'",
      "consent.checks.remove('native_client_prompt')\n" +
        "  const unasked = 'the user has not been asked'",
    ],
  ),
  without(
    'the user whose answer it is',
    ['consent', 'C18'],
    [
      consent,
      'if (waiting.accountId !== undefined && waiting.accountId !== userId) throw gone()\n' +
        '      if ((await',
      'if ((await',
    ],
  ),
  without(
    'the single answer to a question',
    ['consent', 'C18'],
    [
      consent,
      'if (!found[0] || (await oauthInteraction.lock(rowId)).result !== null) throw gone()',
      '',
    ],
    [consent, '    result: { isNull: true },\n', ''],
  ),
  without(
    'the browser in which an authorization began',
    ['consent', 'C18'],
    ['app/provider/door.ts', '...(known ? [`', '...(interaction ? [`'],
  ),
  without(
    'the fresh proof that a program asks for',
    ['consent', 'C12'],
    [
      policy,
      'return (oidc.session?.loginTs ?? 0) < sinceOf({ oidc }, Number.POSITIVE_INFINITY)',
      'return false',
    ],
  ),
  without(
    'the age of a proof',
    ['consent', 'C12'],
    [policy, 'Number(maxAge) + 1', 'Number.POSITIVE_INFINITY'],
  ),
  without(
    'the session that looked at the code of a device',
    ['pages', 'C27'],
    [
      device,
      'device === undefined || device.claimedById !== person.sessionId',
      'device === undefined',
    ],
  ),
  without(
    'the claim of a code by whoever looks first',
    ['pages', 'C27'],
    [
      device,
      "if (!(await oauthDeviceCode.consumeOnce(device.id, 'claimedAt'))) throw unknownCode()",
      '',
    ],
  ),
  without(
    'the programs that ask by a device',
    ['devices', 'C27: nobody'],
    [
      'app/provider/clients.ts',
      'grant_types: client.native ? nativeGrantTypes : grantTypes',
      'grant_types: nativeGrantTypes',
    ],
  ),
  without(
    'the code on the page of a device',
    ['devices', 'C27: whoever'],
    ['pages/looks/consent.ts', 'shows the code <strong>', 'shows the code <strong hidden>'],
  ),
  without(
    'the agreement to what a program learns by `me`',
    ['consent', 'C28'],
    [
      'identity/accounts/standing.ts',
      "  if (caller.via?.sort === 'oauth') return {",
      "  if (caller.via?.sort === 'service') return {",
    ],
  ),
]

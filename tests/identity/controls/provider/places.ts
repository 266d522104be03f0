/** Owns the controls of keys and addresses, ours and those of others. */

import { type ProviderControl, without } from './control.ts'

const configuration = 'app/provider/library/configuration.ts'
const policy = 'app/provider/library/policy.ts'
const keys = 'app/provider/storage/keys.ts'

/** What is told of keys and places, and what is fetched from others. */
export const places: readonly ProviderControl[] = [
  without(
    'the guard of calls to others',
    ['programs/documents', 'CIMD: what leads'],
    [
      'app/provider/library/fetching.ts',
      '{ ...policy, secureOnly: true }',
      "{ ...policy, classes: new Set(['loopback', 'private'] as const), secureOnly: true }",
    ],
  ),
  without(
    'the count of calls to others',
    ['programs/documents', 'CIMD: nobody'],
    ['app/provider/library/fetching.ts', 'await count(String(url))', 'await count'],
  ),
  without(
    'the count of calls to others at once',
    ['programs/documents', 'C04: fifty'],
    [
      'app/provider/storage/allowances.ts',
      'await take(parts, { key, limit: network, windowMs: minuteMs })',
      '',
    ],
  ),
  without(
    'the host that people are told',
    ['programs/documents', 'CIMD: no scheme'],
    [
      'identity/provider/clients.ts',
      'if (!/^https?:$/.test(url.protocol)) return',
      "if (url.host === '') return",
    ],
  ),
  without(
    'what a description cannot say',
    ['programs/documents', 'CIMD: a description'],
    ['app/provider/clients.ts', 'delete client.api_scopes\n', '\n'],
  ),
  without(
    'the one form of an address',
    ['programs/documents', 'CIMD: only'],
    [configuration, 'URL.parse(address)?.href === address', 'URL.canParse(address)'],
  ),
  without(
    'the judging of where a program sends people',
    ['programs/documents', 'CIMD: a program'],
    [
      'app/provider/clients.ts',
      'if (places.some((address) => redirectProblem(address, true) !== undefined)) return false',
      'if (places.length === 0) return false',
    ],
  ),
  without(
    'the judging of where people are sent after signing out',
    ['programs/documents', 'CIMD: a program'],
    [
      'app/provider/clients.ts',
      'const places = [...redirectUris, ...postLogoutRedirectUris]',
      'const places = postLogoutRedirectUris.length > 0 ? redirectUris : redirectUris',
    ],
  ),
  without(
    'the form of ids that are looked for',
    ['programs/documents', 'CIMD: only'],
    ['app/provider/clients.ts', 'if (!idForm.test(id)) return undefined', ''],
  ),
  without(
    'the question to users of a program that nobody has registered',
    ['programs/documents', 'CIMD: its user'],
    [
      policy,
      'return oidc?.client?.clientIdMetadataDocument === true && !oidc.result?.consent',
      'return false',
    ],
    ['app/provider/storage/grants.ts', ' || asksAnew(context)', ''],
    ['app/provider/clients.ts', "client.applicationType = 'native'", ''],
  ),
  without(
    'the name of a program that nobody has registered',
    ['programs/documents', 'CIMD: its user'],
    [policy, 'client?.clientIdMetadataDocument !== true) {', 'client !== undefined) {'],
  ),
  without(
    'the seal of signing keys',
    ['keys', 'private keys'],
    [keys, 'await parts.sealer.seal(JSON.stringify(jwk), place(keyId))', 'JSON.stringify(jwk)'],
    [keys, 'await sealer.open(String(sealed), place(String(keyId)))', 'String(sealed)'],
  ),
  without(
    'the one node that makes a key',
    ['keys', 'nodes'],
    [keys, 'if (!(await mayMake(parts)))', 'if (parts === undefined)'],
  ),
  without(
    'the telling of a key before it signs',
    ['keys', 'keys change'],
    [keys, 'const announcedMs = dayMs', 'const announcedMs = 0'],
  ),
  without(
    'the key before',
    ['keys', 'keys change'],
    [keys, '[...(latest ? [latest] : []), ...others]', '[...(latest ? [latest] : [])]'],
  ),
  without(
    'the challenge of the API',
    ['metadata', 'RFC 9728'],
    ['app/provider/open.ts', 'return refused(thrown)', 'throw thrown'],
  ),
  without(
    'the origins that may read answers',
    ['metadata', 'a page of another site'],
    [configuration, "client.clientAuthMethod === 'none' &&", 'client !== undefined ||'],
  ),
  without(
    'the addresses that are not offered',
    ['metadata', 'what is not offered'],
    [
      'app/provider/door.ts',
      'if (!discovery.has(path) && !isOurs(path)) {',
      'if (path === undefined) {',
    ],
  ),
]

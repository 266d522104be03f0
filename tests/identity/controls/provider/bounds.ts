/** Owns the controls of how much others can make us do. */

import { type ProviderControl, without } from './control.ts'

const storage = 'app/provider/storage/storage.ts'
const device = 'identity/provider/device.ts'

/** What bounds what others can make us do. */
export const bounds: readonly ProviderControl[] = [
  without(
    'the scopes of a client',
    ['programs/declared', 'ASVS 10.4.11'],
    [
      'app/provider/library/policy.ts',
      "return client.api_scopes.split(' ').includes(scope)",
      "return scope !== ''",
    ],
  ),
  without(
    'the proof of a client by its keys',
    ['programs/declared', 'ASVS 10.4.16'],
    ['app/provider/clients.ts', 'if (keys !== null) {', 'if (keys === null) {'],
  ),
  without(
    'the single use of a proof by keys',
    ['programs/declared', 'ASVS 10.4.16'],
    [
      storage,
      'const hashOf = (id: string): string =>',
      "const hashOf = (id: string): string => kind === 'replay' ? tokens.make('').hash :",
    ],
  ),
  without(
    'the demand that requests are sent ahead',
    ['programs/declared', 'ASVS 10.4.13'],
    [
      'app/provider/library/configuration.ts',
      "requirePushedAuthorizationRequests: pushed === 'required'",
      'requirePushedAuthorizationRequests: false',
    ],
  ),
  without(
    'the slowing of devices',
    ['devices', 'RFC 8628: a device that asks'],
    [storage, 'if (waits && !(await', 'if (waits && false && !(await'],
  ),
  without(
    'the growing wait of a device that asks too often',
    ['devices', 'RFC 8628: a device that asks'],
    [
      'engine/identify/oauth/polling.ts',
      'd.polled_at + coalesce(d.poll_seconds, ',
      'd.polled_at + coalesce(null::integer, ',
    ],
  ),
  without(
    'the age of a code of a device',
    ['devices', 'RFC 8628: no is told'],
    [storage, '...(old ? { exp: 1 } : {}),', ''],
  ),
  without(
    'the refusal of a device',
    ['devices', 'RFC 8628: no is told'],
    [
      storage,
      'const refused = found.answeredAt !== null && grant === null',
      'const refused = false',
    ],
  ),
  without(
    'the count of codes that are typed',
    ['devices', 'C27: codes'],
    [
      device,
      'const limit = limits.deviceCodesPerQuarterHour',
      'const limit = limits.deviceCodesPerQuarterHour * 10',
    ],
  ),
  without(
    'the count of devices that wait',
    ['devices', 'devices that wait'],
    [storage, '      await takeDevice(parts)\n', ''],
  ),
  without(
    'the count of authorizations that begin',
    ['pushed', 'what guests'],
    [storage, '        await takeRequest(parts, false)\n', ''],
  ),
  without(
    'the count of requests that are sent ahead',
    ['pushed', 'what guests'],
    [storage, '      await takeRequest(parts, true)\n', ''],
  ),
  without(
    'the count of questions before a sign-out',
    ['sign-out', 'what waits'],
    ['app/provider/endings.ts', 'if (!(await parts.mayKeep(context)))', 'if (parts === undefined)'],
  ),
  without(
    'the count of refresh tokens',
    ['endings', 'C24'],
    [storage, 'if (held) await takeRefresh(parts, held.grantKey)', ''],
  ),
  without(
    'the bound of authorizations',
    ['endings', 'C24'],
    [storage, '      await endOldGrants(runtime.database, key)\n', ''],
  ),
  without(
    'the bound of programs',
    ['consent', 'nobody lets in'],
    ['identity/provider/parts.ts', 'if (!known) await demandRoom(data, userId)', ''],
  ),
  without(
    'the bound of a form',
    ['pushed', 'RFC 9126: what could'],
    ['app/provider/door.ts', 'body.length > limits.oauthBodyBytesMax', 'body.length < 0'],
  ),
  without(
    'the minute of a request that was sent ahead',
    ['pushed', 'RFC 9126: what was'],
    [storage, "kind === 'pushed' ? { expiresAt: { gt: instantText(clock.now()) } } : {}", '{}'],
  ),
  without(
    'the single use of a request that was sent ahead',
    ['pushed', 'RFC 9126: what was'],
    [storage, "typeof found.usedAt === 'string' ? { consumed: true } : {}", '{}'],
    [storage, "if (!used) throw new library.InvalidGrant('the request was already used')", ''],
  ),
]

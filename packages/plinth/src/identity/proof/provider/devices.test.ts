import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../base/limits.ts'
import { Browser } from '../../../pages/proof/browser.ts'
import { officeProof, post, rowsOf, works } from './asking.ts'
import { client, openProvider, type Provider, person, program } from './stand.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'

async function waiting(provider: Provider, scope = 'note.read') {
  const config = await program(provider, 'phone')
  return client.initiateDeviceAuthorization(config, { scope })
}

function poll(provider: Provider, code: string, id = 'phone') {
  const values = { grant_type: grantType, device_code: code, client_id: id }
  return post(provider, '/oauth/token', values)
}

test('RFC 8628: a device that asks too often is slowed, and each time more', async (context) => {
  const provider = await openProvider(context)
  const { clock } = provider
  const { device_code: code } = await waiting(provider)
  const says = async (): Promise<unknown> => (await poll(provider, code)).told.error
  assert.equal(await says(), 'authorization_pending')
  clock.advance(4_000)
  assert.equal(await says(), 'slow_down')
  clock.advance(6_000)
  assert.equal(await says(), 'slow_down', 'five seconds more have to pass by now')
  clock.advance(16_000)
  assert.equal(await says(), 'authorization_pending')
  clock.advance(14_000)
  assert.equal(await says(), 'slow_down', 'for all that follow too')
  clock.advance(60_000)
  const all = await Promise.all(Array.from({ length: 20 }, () => says()))
  assert.equal(all.filter((one) => one === 'authorization_pending').length, 1)
  assert.equal(all.filter((one) => one === 'slow_down').length, 19)
})

test('RFC 8628: a device has its answer once, by the program that began', async (context) => {
  const tablet = { id: 'tablet', name: 'Tablet', redirects: ['http://127.0.0.1/t'], native: true }
  const provider = await openProvider(context, { provider: { clients: [tablet] } })
  const ann = await person(provider)
  const { device_code: code, user_code: shown } = await waiting(provider)
  assert.match(shown, /^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/)
  assert.equal((await ann.ask('device', { code: shown })).status, 200)
  assert.equal((await ann.ask('answer-device', { code: shown, allow: true })).status, 204)
  assert.equal((await ann.ask('answer-device', { code: shown, allow: true })).status, 404)
  assert.equal((await poll(provider, code, 'tablet')).told.error, 'invalid_grant')
  assert.equal((await poll(provider, `${code}x`)).told.error, 'invalid_grant')
  const got = await poll(provider, code)
  assert.ok(await works(provider, got.told.access_token))
  assert.equal((await poll(provider, code)).told.error, 'invalid_grant')
  assert.ok(!(await works(provider, got.told.access_token)), 'a replay ends what came of it')
  const raced = await waiting(provider)
  await ann.ask('device', { code: raced.user_code })
  await ann.ask('answer-device', { code: raced.user_code, allow: true })
  const polls = Array.from({ length: 20 }, () => poll(provider, raced.device_code))
  const good = (await Promise.all(polls)).filter(({ status }) => status === 200)
  assert.ok(good.length <= 1)
})

test('RFC 8628: no is told, and so is too late', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const refused = await waiting(provider)
  await ann.ask('device', { code: refused.user_code })
  await ann.ask('answer-device', { code: refused.user_code, allow: false })
  assert.equal((await poll(provider, refused.device_code)).told.error, 'access_denied')
  const late = await waiting(provider)
  await ann.ask('device', { code: late.user_code })
  provider.clock.advance(limits.oauthDeviceMinutes * 60_000)
  assert.equal((await poll(provider, late.device_code)).told.error, 'expired_token')
  assert.equal((await ann.ask('answer-device', { code: late.user_code, allow: true })).status, 404)
  assert.equal((await ann.ask('device', { code: late.user_code })).status, 404)
})

test('C27: nobody asks by a device in the name of a program that runs on a server', async (t) => {
  const provider = await openProvider(t)
  for (const [client_id, headers] of [['ledger', {}] as const, ['office', officeProof] as const]) {
    const asked =
      client_id === 'office' ? { scope: 'note.read' } : { client_id, scope: 'note.read' }
    const begun = await post({ ...provider, headers }, '/oauth/device', asked)
    assert.equal(begun.status, 400, client_id)
    assert.match(String(begun.told.error_description), /not allowed for this client/)
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    const exchange = { ...asked, grant_type, device_code: 'ply_x' }
    const told = await post({ ...provider, headers }, '/oauth/token', exchange)
    assert.equal(told.status, 400, client_id)
    assert.match(String(told.told.error_description), /not allowed for this client/)
  }
  const phone = { client_id: 'phone', scope: 'note.read' }
  assert.equal((await post(provider, '/oauth/device', phone)).status, 200)
})

test('C27: codes are not guessed: tries are counted, whoever tries', async (context) => {
  const provider = await openProvider(context)
  const [ann, eve] = [await person(provider), await person(provider, 'eve@notes.example')]
  const most = limits.deviceCodesPerQuarterHour
  const { user_code: shown } = await waiting(provider)
  const tries = Array.from({ length: most + 20 }, (_, index) => {
    const code = `BCDF-${1_000 + index}`
    if (index % 2 === 0) return eve.ask('device', { code })
    return eve.ask('answer-device', { code, allow: true })
  })
  const all = (await Promise.all(tries)).map(({ status }) => status)
  assert.equal(all.filter((status) => status === 404).length, most)
  assert.equal(all.filter((status) => status === 429).length, 20)
  // One network shares its tries; a quarter of an hour later there are new ones.
  assert.equal((await ann.ask('device', { code: shown })).status, 429)
  provider.clock.advance(15 * 60_000)
  const { user_code: next } = await waiting(provider)
  assert.equal(
    (await ann.ask('device', { code: next.toLowerCase().replace('-', ' ') })).status,
    200,
  )
})

test('C27: whoever answers is shown the code, to compare it', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const began = await waiting(provider)
  const { user_code: shown, verification_uri_complete: link = '' } = began
  const guest = new Browser(provider.origin)
  await guest.open(new URL(link).pathname + new URL(link).search)
  assert.match(guest.shown?.at ?? '', /^\/account\/sign-in\?next=/, 'first of all: who are you')
  const browser = new Browser(provider.origin)
  browser.jar.set('__Host-sid', ann.session)
  // A link that somebody was sent answers nothing by itself, and claims nothing.
  const first = await browser.open(new URL(link).pathname + new URL(link).search)
  assert.match(first.text, /Never use a code that somebody sent you/)
  assert.match(first.text, new RegExp(`value="${shown}"`))
  assert.equal((await poll(provider, began.device_code)).told.error, 'authorization_pending')
  const asked = await browser.press({ button: 'Look' })
  assert.ok(asked.text.includes(`the code <strong>${shown}</strong>`))
  assert.match(asked.text, /somebody sent you here/)
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  assert.equal((await browser.press({ button: 'Let it in', headers: foreign })).status, 403)
  provider.clock.advance(6_000)
  assert.equal((await poll(provider, began.device_code)).told.error, 'authorization_pending')
})

test('devices that wait are counted by network', async (context) => {
  const provider = await openProvider(context)
  const most = limits.oauthDevicesPerMinutePerNetwork
  const begin = () => post(provider, '/oauth/device', { client_id: 'phone', scope: 'note.read' })
  const all = await Promise.all(Array.from({ length: most + 10 }, begin))
  assert.equal(all.filter(({ status }) => status === 200).length, most)
  const refused = all.filter(({ status }) => status === 429)
  assert.equal(refused.length, 10)
  assert.equal(refused[0]?.told.error, 'temporarily_unavailable')
  assert.match(refused[0]?.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  assert.equal(await rowsOf(provider, 'oauth.oauth_device_code'), most)
})

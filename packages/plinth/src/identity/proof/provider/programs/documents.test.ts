import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../../base/limits.ts'
import { outboundPolicy } from '../../../../outbound/target.ts'
import { openProvider, type Provider, person } from '../stand.ts'
import { hostName, openHost } from './host.ts'

const back = 'https://agent.example/back'

function authorization({ origin }: Provider, id: string, more: Record<string, string> = {}): URL {
  const url = new URL('/oauth/authorize', origin)
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: id, redirect_uri: back, scope: 'note.read' },
    ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', state: 's', ...more },
  }).toString()
  return url
}

/** Whether an authorization of a program gets as far as its user. */
async function asks(provider: Provider, id: string, more = {}): Promise<boolean> {
  const url = authorization(provider, id, more)
  const response = await fetch(url, { redirect: 'manual' })
  const place = response.headers.get('location')
  const asked = place?.startsWith('/account/consent') === true
  if (!asked) {
    assert.equal(response.status, 400, await response.clone().text())
    assert.equal(place, null, 'sent nowhere')
    assert.doesNotMatch(await response.text(), /10\.0\.0\.1|127\.0\.0\.1|ECONN|ENOTFOUND|address/)
  }
  return asked
}

async function open(context: Parameters<typeof openHost>[0]) {
  const host = await openHost(context)
  const provider = await openProvider(context, { unregistered: true, outbound: host.outbound })
  return { host, provider }
}

test('CIMD: a program is what its own description says, letter by letter', async (context) => {
  const { host, provider } = await open(context)
  const good = { client_name: 'Agent', redirect_uris: [back] }
  const id = host.describe('/agent.json', good)
  assert.ok(await asks(provider, id))
  for (const other of [
    `${back}/`,
    `${back}?a`,
    'https://evil.example/back',
    'http://127.0.0.1/x',
  ]) {
    assert.ok(!(await asks(provider, id, { redirect_uri: other })), other)
  }
  const wrong: readonly (readonly [string, object])[] = [
    ['another id', { ...good, client_id: `${host.origin}/other.json` }],
    ['no way to prove itself', { ...good, token_endpoint_auth_method: undefined }],
    ['a secret', { ...good, client_secret: 'x'.repeat(40) }],
    ['proof by a secret', { ...good, token_endpoint_auth_method: 'client_secret_basic' }],
    ['a script', { redirect_uris: [back, 'javascript:alert(1)'] }],
    ['data', { redirect_uris: [back, 'data:text/html,x'] }],
    ['plain http', { redirect_uris: [back, 'http://agent.example/back'] }],
    ['a fragment', { redirect_uris: [back, `${back}#x`] }],
    ['somebody in the address', { redirect_uris: [back, 'https://bank.example@agent.example/'] }],
    ['anything at all', { redirect_uris: [back, 'https://*.agent.example/'] }],
    ['a script after sign-out', { ...good, post_logout_redirect_uris: ['javascript:alert(1)'] }],
    ['http after sign-out', { ...good, post_logout_redirect_uris: ['http://agent.example/'] }],
    ['tokens in addresses', { ...good, response_types: ['token'], grant_types: ['implicit'] }],
  ]
  for (const [index, [name, told]] of wrong.entries()) {
    const bad = host.describe(`/bad-${index}.json`, told)
    provider.clock.advance(61_000)
    assert.ok(!(await asks(provider, bad)), name)
  }
})

test('CIMD: no scheme of its own shows a host that is not there', async (context) => {
  const { host, provider } = await open(context)
  const ann = await person(provider)
  const made = 'com.evil.app://accounts.bank.example/back'
  const redirect_uris = [made]
  const id = host.describe('/made.json', { redirect_uris, application_type: 'native' })
  const begun = await ann.go(authorization(provider, id, { redirect_uri: made }).href)
  const place = begun.headers.get('location') ?? assert.fail(await begun.text())
  const page = await (await ann.go(place)).text()
  assert.match(page, /sent to <strong>an app on this device \(com\.evil\.app:\)</)
  assert.ok(!page.includes('bank.example'), 'what its maker wrote where a host would be')
})

test('CIMD: a description says nothing that is ours to say', async (context) => {
  const { host, provider } = await open(context)
  const good = { client_name: 'Agent', redirect_uris: [back] }
  for (const [index, api_scopes] of [5, ['note.read'], {}, null, '', 'note.write'].entries()) {
    provider.clock.advance(61_000)
    const id = host.describe(`/scopes-${index}.json`, { ...good, api_scopes })
    assert.ok(await asks(provider, id), JSON.stringify(api_scopes))
  }
  assert.deepEqual(
    provider.logged.filter(({ level }) => level === 'error'),
    [],
  )
})

test('CIMD: only what is small, quick and plainly there is fetched', async (context) => {
  const { host, provider } = await open(context)
  const told = { redirect_uris: [back] }
  const big = host.describe('/big.json', { ...told, client_name: 'x'.repeat(20_000) })
  const text = (path: string): string => JSON.stringify({ client_id: host.origin + path, ...told })
  const moved = host.answer('/moved.json', (_, response) => {
    response.writeHead(302, { location: `${host.origin}/agent.json` }).end(text('/moved.json'))
  })
  const broken = host.answer('/broken.json', (_, response) => void response.end('{'))
  const endless = host.answer('/endless.json', (_, response) => {
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(4_096), () => setTimeout(more, 1))
    }
    more()
  })
  const silent = host.answer('/silent.json', () => undefined)
  const inwards = ['https://10.0.0.1/a', 'http://169.254.169.254/latest', `${provider.origin}/api`]
  const led = inwards.map((location, index) =>
    host.answer(`/led-${index}.json`, (_, response) => {
      response.writeHead(307, { location }).end()
    }),
  )
  const { origin } = host
  for (const id of [big, moved, broken, endless, silent, ...led, `${origin}/missing.json`]) {
    assert.ok(!(await asks(provider, id)), id)
  }
  provider.clock.advance(61_000)
  const before = host.asked.length
  const good = host.describe('/agent.json', told)
  const addresses = [
    ...[good.replace('https:', 'http:'), good.replace('https:', 'HTTPS:'), `${good}#x`],
    ...[good.replace(hostName, hostName.toUpperCase()), good.replace('//', '//ann@')],
    ...[good.replace('/agent', '/./agent'), good.replace('/agent', '/%2e/agent'), origin],
    `${good}?${'x'.repeat(500)}`,
  ]
  for (const id of addresses) assert.ok(!(await asks(provider, id)), id)
  assert.equal(host.asked.length, before, 'none of these was fetched')
})

test('CIMD: what leads inside of our network is not called', async (context) => {
  const host = await openHost(context)
  const id = host.describe('/agent.json', { redirect_uris: [back] })
  const inside = id.replace(hostName, 'inside.example')
  const literal = ['https://10.0.0.1/a', 'https://169.254.169.254/a', 'https://[::1]/a']
  const usual = await openProvider(context, { unregistered: true, outbound: host.outbound })
  for (const address of [inside, ...literal]) assert.ok(!(await asks(usual, address)), address)
  const resolve = host.outbound.resolve
  const strict = { ...outboundPolicy({ production: true }), ports: undefined }
  const outbound = { ...strict, ...(resolve ? { resolve } : {}) }
  const production = await openProvider(context, { unregistered: true, outbound })
  assert.ok(!(await asks(production, id)), 'this machine, where the app is in production')
  assert.deepEqual(host.asked, [])
})

test('CIMD: descriptions are kept for a while, and a change counts after it', async (context) => {
  const { host, provider } = await open(context)
  const id = host.describe('/agent.json', { redirect_uris: [back] })
  for (let times = 0; times < 3; times++) assert.ok(await asks(provider, id))
  assert.equal(host.asked.length, 1, 'fetched once')
  // A node that has not kept it sees the change at once.
  host.describe('/agent.json', { redirect_uris: ['https://agent.example/new'] })
  const other = await provider.openNode()
  context.after(() => other.close())
  const request = { method: 'GET', path: '/oauth/authorize', segments: ['oauth', 'authorize'] }
  const { search } = authorization(provider, id)
  const from = { search: search.slice(1), remoteAddress: '192.0.2.7', header: () => undefined }
  const answer = await other.handler({ ...request, ...from } as unknown as Parameters<
    typeof other.handler
  >[0])
  assert.equal(answer.status, 400)
  assert.equal(host.asked.length, 2)
})

test('CIMD: nobody makes us call others again and again', async (context) => {
  const { host, provider } = await open(context)
  const most = limits.oauthDocumentsPerMinutePerNetwork
  for (let index = 0; index < most + 5; index++) {
    await asks(provider, `${host.origin}/none-${index}.json`)
  }
  assert.equal(host.asked.length, most)
  // What was agreed to once goes on: its description is kept.
  provider.clock.advance(61_000)
  const id = host.describe('/agent.json', { redirect_uris: [back] })
  assert.ok(await asks(provider, id))
})

test('C04: fifty at once make us call others no more often than one', async (context) => {
  const { host, provider } = await open(context)
  const most = limits.oauthDocumentsPerMinutePerNetwork
  const names = Array.from({ length: 50 }, (_, index) => `${host.origin}/none-${index}.json`)
  const told = await Promise.all(names.map((id) => fetch(authorization(provider, id))))
  assert.equal(host.asked.length, most)
  assert.ok(
    told.every(({ status }) => status === 400),
    'none of them is anybody',
  )
  // Nor by one description, which nobody has yet: it is asked for as often as it is allowed.
  provider.clock.advance(61_000)
  const id = host.describe('/late.json', { redirect_uris: ['https://elsewhere.example/back'] })
  await Promise.all(names.map(() => fetch(authorization(provider, id))))
  assert.ok(host.asked.length <= 2 * most, `${host.asked.length} calls`)
})

test('CIMD: where it was not allowed, programs are those that were registered', async (context) => {
  const host = await openHost(context)
  const id = host.describe('/agent.json', { redirect_uris: [back] })
  const provider = await openProvider(context, { outbound: host.outbound })
  assert.ok(!(await asks(provider, id)))
  assert.deepEqual(host.asked, [])
})

test('CIMD: its user is asked each time, and told that nobody has checked it', async (context) => {
  const { host, provider } = await open(context)
  const id = host.describe('/agent.json', { client_name: 'Your Bank', redirect_uris: [back] })
  const ann = await person(provider)
  const url = authorization(provider, id)
  for (let times = 0; times < 2; times++) {
    const begun = await ann.go(url.href)
    const place = begun.headers.get('location') ?? assert.fail('not asked')
    const page = await (await ann.go(place)).text()
    assert.match(page, /Nobody here has checked this program/)
    assert.ok(!page.includes('Your Bank'), 'known by its address alone')
    assert.ok(page.includes(new URL(host.origin).host))
    assert.ok((await ann.authorize(url)).searchParams.get('code'))
  }
})

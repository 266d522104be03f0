import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { openPeople, password, signedUp, tokenIn } from './people.ts'

const wrong = 'incorrect horse battery'

onBothServers('signing up and in', (server) => {
  test('a taken address is answered like a new one, for the same work (C06)', async (context) => {
    const { ask, hashes, tested } = await openPeople(server, context)
    const up = (email: string, remoteAddress: string) =>
      ask('identity.signUp', { email, password, name: 'E' }, { remoteAddress })
    const fresh = await up('eve@people.example', '192.0.2.1')
    assert.deepEqual([fresh.status, hashes.made], [201, 1])
    const taken = await up(' EVE@people.example', '192.0.2.2')
    assert.deepEqual([taken, hashes.made], [fresh, 2])
    assert.equal((await tested.data.user.find()).data.length, 1)
    const at = { remoteAddress: '192.0.2.3' }
    const input = { email: 'eve@people.example', password, roles: ['admin'] }
    assert.match((await ask('identity.signUp', input, at)).text, /"\/roles".*unknown_field/)
  })

  test('a password is refused by its length, before it is hashed (C08)', async (context) => {
    const { ask, hashes } = await openPeople(server, context)
    const up = async (secret: unknown) => {
      const input = { email: 'eve@people.example', password: secret }
      return (await ask('identity.signUp', input)).text
    }
    assert.match(await up('x'.repeat(14)), /bad_password.*at least 15/)
    assert.match(await up('x'.repeat(257)), /bad_password.*at most 256/)
    assert.match(await up('x'.repeat(1_000)), /bad_password/)
    assert.match(await up('x'.repeat(1_025)), /invalid_input/)
    assert.match(await up(7), /invalid_input/)
    assert.equal(hashes.made, 0)
  })

  test('networks make so many accounts an hour', async (context) => {
    const { ask, tested } = await openPeople(server, context)
    const up = async (index: number, remoteAddress: string) => {
      const input = { email: `user${index}@people.example`, password }
      return (await ask('identity.signUp', input, { remoteAddress })).status
    }
    const statuses = []
    for (let index = 0; index < 6; index++) statuses.push(await up(index, `2001:db8::${index}`))
    assert.deepEqual(statuses, [201, 201, 201, 201, 201, 429])
    assert.equal(await up(6, '2001:db8:0:1::1'), 201)
    tested.clock.advance(3_600_000)
    assert.equal(await up(5, '2001:db8::1'), 201)
  })

  test('wrong password, unknown user, suspended user: one answer, one cost', async (context) => {
    const { ask, hashes, tested } = await openPeople(server, context)
    await tested.user({ email: 'eve@people.example', password })
    const { id } = await tested.user({ email: 'sue@people.example', password })
    await tested.user({ email: 'new@people.example' })
    await tested.data.user.update(id, { suspended: true })
    const tries: readonly (readonly [string, string])[] = [
      ['eve', wrong],
      ['nobody', password],
      ['sue', password],
      ['new', password],
    ]
    const times = new Map<string, number[]>()
    for (let round = 0; round < 5; round++) {
      const answers = new Set<string>()
      for (const [index, [who, secret]] of tries.entries()) {
        const checked = hashes.checked
        const began = performance.now()
        const input = { email: `${who}@people.example`, password: secret }
        const remoteAddress = `192.0.2.${round * 10 + index}`
        const { status, text } = await ask('identity.signIn', input, { remoteAddress })
        times.set(who, [...(times.get(who) ?? []), performance.now() - began])
        answers.add(`${status} ${text}`)
        assert.equal(hashes.checked, checked + 1)
      }
      assert.equal(answers.size, 1)
    }
    for (const [who, each] of times) {
      const median = [...each].sort((a, b) => a - b)[2]
      context.diagnostic(`${who}: ${median?.toFixed(1)} ms`)
    }
  })

  test('guesses at once are no more than the limit (C04)', async (context) => {
    const { ask, hashes, tested } = await openPeople(server, context)
    await tested.user({ email: 'eve@people.example', password })
    const spellings = ['eve@people.example', 'EVE@people.example', ' eve@PEOPLE.example ']
    const guess = async (index: number) => {
      const email = spellings[index % 3]
      const input = { email, password: `${wrong} ${index}` }
      return (await ask('identity.signIn', input, { remoteAddress: `198.51.100.${index}` })).status
    }
    const statuses = await Promise.all(Array.from({ length: 50 }, (_, index) => guess(index)))
    const checked = statuses.filter((status) => status === 401).length
    assert.equal(checked, limits.signInsPerMinutePerAccount)
    assert.equal(hashes.checked, checked)
    assert.equal(statuses.filter((status) => status === 429).length, 50 - checked)
    const right = { email: 'eve@people.example', password }
    assert.equal((await ask('identity.signIn', right)).status, 429)
    tested.clock.advance(60_000)
    assert.equal((await ask('identity.signIn', right)).status, 200)
  })

  test('guesses from elsewhere lock no owner out of a device they know (C07)', async (context) => {
    const { ask, tested } = await openPeople(server, context)
    const email = 'eve@people.example'
    await tested.user({ email, password })
    const home = { remoteAddress: '192.0.2.77', agent: 'curl/8.0' }
    assert.equal((await ask('identity.signIn', { email, password }, home)).status, 200)
    const guess = async (remoteAddress: string) =>
      (await ask('identity.signIn', { email, password: wrong }, { remoteAddress })).status
    const statuses = []
    for (let index = 0; index < 8; index++) statuses.push(await guess(`198.51.100.${index}`))
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429])
    assert.equal((await ask('identity.signIn', { email, password }, home)).status, 200)
    const atHome = async () => {
      const input = { email, password: wrong }
      return (await ask('identity.signIn', input, home)).status
    }
    const near = []
    for (let index = 0; index < 7; index++) near.push(await atHome())
    assert.deepEqual(near, [401, 401, 401, 401, 401, 429, 429], 'a known device has its own limit')
  })

  test('a success restores the account; a network cannot use up others', async (context) => {
    const { ask, tested } = await openPeople(server, context)
    await tested.user({ email: 'eve@people.example', password })
    const sign = async (email: string, secret: string, remoteAddress: string) => {
      const input = { email: `${email}@people.example`, password: secret }
      return (await ask('identity.signIn', input, { remoteAddress })).status
    }
    for (const expected of [401, 401, 401, 401]) {
      assert.equal(await sign('eve', wrong, '192.0.2.1'), expected)
    }
    assert.equal(await sign('eve', password, '192.0.2.1'), 200)
    assert.equal(await sign('eve', wrong, '192.0.2.1'), 401)
    const rest = limits.signInsPerMinutePerNetwork
    for (let index = 0; index < rest; index++) await sign(`x${index}`, wrong, '192.0.2.9')
    for (let index = 0; index < 10; index++) {
      assert.equal(await sign('eve', wrong, '192.0.2.9'), 429)
    }
    assert.equal(await sign('eve', password, '192.0.2.1'), 200)
  })

  test('one password in two Unicode forms is one password', async (context) => {
    const people = await openPeople(server, context)
    const { ask } = people
    const email = 'eve@people.example'
    const composed = 'caf\u00e9 au lait, s\u2019il te pla\u00eet'
    const decomposed = composed.normalize('NFD')
    assert.notEqual(composed, decomposed)
    assert.equal((await signedUp(people, email, decomposed)).status, 200)
    assert.equal((await ask('identity.signIn', { email, password: composed })).status, 200)
    assert.equal((await ask('identity.signIn', { email, password: `${composed} ` })).status, 401)
  })

  test('the answer of a sign-in shows the token, or keeps it for the cookie', async (context) => {
    const { ask, tested } = await openPeople(server, context)
    const { email, id } = await tested.user({ email: 'eve@people.example', password })
    const bearer = await ask('identity.signIn', { email, password })
    assert.match(tokenIn(bearer), /^pls_[A-Za-z0-9_-]{43}$/)
    assert.equal(bearer.session, undefined)
    const cookie = await ask('identity.signIn', { email, password, cookie: true })
    assert.match(cookie.session?.token ?? '', /^pls_/)
    assert.doesNotMatch(cookie.text, /pls_/)
    assert.notEqual(cookie.session?.token, tokenIn(bearer))
    const known = await ask('identity.me', {}, { token: tokenIn(bearer) })
    const expected = { id, email, name: null, roles: [] }
    assert.deepEqual(JSON.parse(known.text), { user: expected })
    assert.deepEqual(JSON.parse((await ask('identity.me', {})).text), { user: null })
  })

  test('C02: a site of IPv6 is counted, however it turns its networks', async (context) => {
    const { ask } = await openPeople(server, context)
    const most = limits.signInsPerMinutePerNetwork * limits.networksPerSite
    // Of all ways in the one that costs least: they are counted together.
    const from = (remoteAddress: string) =>
      ask('identity.signInByLink', { token: 'pll_none' }, { remoteAddress })
    const statuses: number[] = []
    for (let net = 0; net < most + 5; net++) {
      statuses.push((await from(`2001:db8:1:${net.toString(16)}::1`)).status)
    }
    assert.deepEqual(new Set(statuses.slice(0, most)), new Set([401]))
    assert.deepEqual(new Set(statuses.slice(most)), new Set([429]))
    const spread = { email: 'ann@people.example', password }
    const other = { remoteAddress: '2001:db8:1:ffff::1' }
    assert.equal((await ask('identity.signIn', spread, other)).status, 429, 'by a password too')
    assert.equal((await from('2001:db8:2::1')).status, 401, 'another site')
    assert.equal((await from('192.0.2.77')).status, 401)
  })

  test('C07: no network uses up the mails that another may ask for', async (context) => {
    const { ask, tested } = await openPeople(server, context)
    const email = 'ann@people.example'
    await tested.user({ email, password })
    const mallory = { remoteAddress: '203.0.113.5' }
    const flows = ['signUp', 'forgotPassword', 'sendLink', 'forgotPassword', 'sendLink'] as const
    const statuses: number[] = []
    for (const flow of flows) {
      const input = flow === 'signUp' ? { email, password } : { email }
      statuses.push((await ask(`identity.${flow}`, input, mallory)).status)
    }
    assert.deepEqual(statuses, [201, 202, 202, 429, 429])
    const owner = { remoteAddress: '198.51.100.9' }
    assert.equal((await ask('identity.sendLink', { email }, owner)).status, 202)
    // All networks together do not fill the mailbox either.
    const many = Array.from({ length: 12 }, (_, at) => `192.0.2.${at + 100}`)
    const all: number[] = []
    for (const remoteAddress of many) {
      all.push((await ask('identity.sendLink', { email }, { remoteAddress })).status)
    }
    const sent = all.filter((status) => status === 202).length
    assert.equal(sent, limits.accountMailsPerQuarterHour - 4)
  })
})

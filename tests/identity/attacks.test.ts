/**
 * Proves attacks of group C on accounts through every door that takes them: REST, batches, pages
 * and direct calls. Others of the group are proven beside their flows; `covered.test.ts` lists all.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../packages/plinth/src/base/limits.ts'
import { clubScene, password, signIn, withTotp } from './stage.ts'

const wrong = 'incorrect horse battery'
const scene = clubScene()

test('C01: guesses are counted by account, whatever else a caller chooses', async () => {
  const { post, address } = scene.club
  const statuses: number[] = []
  const spellings = [scene.anns, scene.anns.toUpperCase(), ` ${scene.anns}`]
  for (let index = 0; index < 9; index++) {
    const headers = { 'user-agent': `agent ${index}`, 'x-forwarded-for': `192.0.2.${index}` }
    const body = { email: spellings[index % 3], password: wrong, trusted: `pld_${index}` }
    const sent = { headers, remoteAddress: address() }
    statuses.push((await post('sign-in', body, sent)).status)
  }
  const most = limits.signInsPerMinutePerAccount
  assert.deepEqual(statuses, [...Array(most).fill(401), ...Array(9 - most).fill(429)])
})

test('C02: a network is counted as one, however it turns its addresses', async () => {
  const spellings = (index: number): string =>
    [
      `2001:db8:ffff:${scene.count}::${index.toString(16)}`,
      `2001:DB8:FFFF:${scene.count}:0:0:${index}:1`,
    ][index % 2] ?? ''
  let refused = 0
  for (let index = 0; index < limits.signInsPerMinutePerNetwork + 5; index++) {
    const body = { email: `nobody${index}@club.example`, password: wrong }
    const { status } = await scene.club.post('sign-in', body, { remoteAddress: spellings(index) })
    if (status === 429) refused += 1
  }
  assert.equal(refused, 5)
})

test('C05: no batch, list, page or direct call makes a guess cheaper', async () => {
  const { direct, page, post, send } = scene.club
  const one = { operation: 'identity.signIn', input: { email: scene.anns, password: wrong } }
  const batch = { operations: Array.from({ length: 20 }, () => one) }
  const refused = await send('POST /api/batch', { body: batch })
  assert.ok(refused.status === 422 || refused.status === 404, refused.text)
  assert.equal((await send('POST /api/identity/sign-in', { body: [one.input] })).status, 422)
  // One count for all doors.
  assert.equal((await post('sign-in', { email: scene.anns, password: wrong })).status, 401)
  assert.equal((await page('/account/sign-in', { email: scene.anns, password: wrong })).status, 401)
  assert.equal(await direct('identity.signIn', one.input), 'invalid_credentials')
  const headers = { 'idempotency-key': 'same' }
  for (const expected of [401, 401, 429]) {
    const again = await post('sign-in', { email: scene.anns, password: wrong }, { headers })
    assert.equal(again.status, expected, 'a repeated key is another guess')
  }
  assert.equal((await page('/account/sign-in', { email: scene.anns, password })).status, 429)
  assert.equal(await direct('identity.signIn', { email: scene.anns, password }), 'rate_limited')
})

test('C06: nobody learns who has an account, by text, status or header', async () => {
  const { page, post, tested } = scene.club
  const fresh = `x${scene.count}@club.example`
  for (const [flow, more] of [
    ['sign-up', { password: 'another horse battery' }],
    ['sign-in', { password: wrong }],
    ['forgot-password', {}],
    ['send-link', {}],
  ] as const) {
    tested.clock.advance(3_600_000)
    const said = async (email: string): Promise<string> => {
      const { status, text } = await post(flow, { email, ...more })
      const body = text.replaceAll(email, '…').replaceAll(/"(traceId|attempt)":"[\w-]+"/g, '')
      return `${status} ${body}`
    }
    assert.equal(await said(fresh), await said(scene.anns), flow)
    const shown = async (email: string): Promise<string> => {
      const { status, text, body } = await page(`/account/${flow}`, { email, ...more })
      assert.deepEqual(body, {})
      return `${status} ${text.replaceAll(email, '…').replaceAll(/nonce="[\w-]+"/g, '')}`
    }
    assert.equal(await shown(`y${fresh}`), await shown(scene.anns), `the page of ${flow}`)
  }
})

test('C08: no door takes a password that is common, or says who sets it', async () => {
  const { direct, mailed, page, post, tested } = scene.club
  const token = await signIn(scene.club, scene.anns)
  for (const bad of ['passwordpassword', 'SunshineSunshine', scene.anns, 'Club club club club']) {
    tested.clock.advance(3_600_000)
    const email = `new-${scene.count}@club.example`
    const up = await post('sign-up', { email, password: bad.replace(scene.anns, email) })
    assert.match(up.text, /(?:common|guessable)_password/, bad)
    const shown = await page('/account/sign-up', {
      email,
      password: bad.replace(scene.anns, email),
    })
    assert.equal(shown.status, 422, bad)
    assert.equal(
      await direct('identity.signUp', { email, password: bad.replace(scene.anns, email) }),
      'invalid_input',
    )
    const change = await post('change-password', { password, newPassword: bad }, { token })
    assert.match(change.text, /(?:common|guessable)_password/, bad)
    await assert.rejects(
      tested.user({ email, password: bad.replace(scene.anns, email) }),
      /tried first|little more|repeats/,
    )
  }
  await post('forgot-password', { email: scene.anns })
  const [mail] = await mailed(scene.anns)
  const reset = await post('reset-password', { token: mail, newPassword: scene.anns })
  assert.match(reset.text, /guessable_password/)
  const good = await post('reset-password', {
    token: mail,
    newPassword: 'a bridge over cold water',
  })
  assert.equal(good.status, 204, 'a refused password uses nothing up')
})

test('C09: of fifty who show a reset token at once one sets the password', async () => {
  const { mailed, post } = scene.club
  await post('forgot-password', { email: scene.anns })
  const [token] = await mailed(scene.anns)
  const tries = Array.from({ length: 50 }, (_, index) =>
    post('reset-password', { token, newPassword: `a new phrase, number ${index}` }),
  )
  const statuses = (await Promise.all(tries)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 204).length, 1, statuses.join())
  const set = statuses.indexOf(204)
  const newPassword = `a new phrase, number ${set}`
  assert.equal((await post('sign-in', { email: scene.anns, password: newPassword })).status, 200)
  const later = await post('reset-password', { token, newPassword: 'yet another phrase of mine' })
  assert.equal(later.status, 401, 'nor later')
})

test('C10: no step is skipped, taken early, or taken by the proof of another step', async () => {
  const { mailed, post, tested, token: made } = scene.club
  const state = async (): Promise<string> => JSON.stringify(await tested.data.user.get(scene.annId))
  await tested.data.user.update(scene.annId, { emailVerifiedAt: null })
  const session = await signIn(scene.club, scene.anns)
  await post('send-verification', {}, { token: session })
  const [verify = ''] = await mailed(scene.anns)
  const untouched = await state()
  const newPassword = 'another horse battery'
  for (const token of [verify, made('reset-password').token, session, '', 'x'.repeat(200)]) {
    const steps = [
      post('reset-password', { token, newPassword }),
      post('confirm-email', { token }),
      post('sign-in-by-link', { token }),
      post('second-factor', { pending: token, code: '000000' }),
      post('sign-in-by-code', { attempt: token, code: '00000000' }),
      post('confirm-upgrade', { token }),
    ]
    for (const { status, text } of await Promise.all(steps)) {
      assert.ok(status >= 400 && status < 500, text)
    }
  }
  assert.equal((await post('confirm-totp', { code: '000000' }, { token: session })).status, 409)
  assert.equal(await state(), untouched)
})

test('C12: a session that was there before is never taken over', async () => {
  const { post } = scene.club
  const eve = await scene.club.tested.user({ email: `eve${scene.count}@club.example`, password })
  const planted = await signIn(scene.club, eve.email)
  const headers = { cookie: `__Host-sid=${planted}`, 'sec-fetch-site': 'same-origin' }
  const begun = await post('sign-in', { email: scene.anns, password, cookie: true }, { headers })
  assert.equal(begun.status, 200, begun.text)
  assert.ok(begun.cookie && begun.cookie !== planted)
  const who = async (token: string): Promise<unknown> =>
    ((await scene.club.send('GET /api/identity/me', { token })).body.user as { email: string })
      .email
  const left = await scene.club.send('GET /api/identity/me', { token: planted })
  assert.equal(left.status, 401, 'whoever planted it has nothing of it')
  assert.equal(await who(begun.cookie), scene.anns)
  const stepped = await post('step-up', { password }, { token: begun.cookie })
  assert.equal(await who(String(stepped.body.token)), scene.anns)
  const old = await scene.club.send('GET /api/identity/me', { token: begun.cookie })
  assert.equal(old.status, 401, 'a fresh proof has a fresh token')
})

test('C14: every way in asks for the second factor', async () => {
  const { mailed, post, tested } = scene.club
  await withTotp(scene.club, scene.anns)
  const ways = [await post('sign-in', { email: scene.anns, password })]
  const { attempt } = (await post('send-link', { email: scene.anns })).body
  const [link = ''] = await mailed(scene.anns)
  const mail = (await tested.mails())[0]
  const code = /\b(\d{4} ?\d{4})\b/.exec(mail?.text ?? '')?.[1] ?? ''
  assert.ok(code, mail?.text ?? 'no mail')
  ways.push(await post('sign-in-by-code', { attempt, code }))
  await post('send-link', { email: scene.anns })
  const [again = ''] = await mailed(scene.anns)
  assert.notEqual(again, link)
  ways.push(await post('sign-in-by-link', { token: again }))
  for (const { status, body, cookie } of ways) {
    assert.equal(status, 200, JSON.stringify(body))
    assert.match(String(body.pending), /^plp_/)
    assert.deepEqual([body.token, cookie], [undefined, undefined])
  }
})

test('C15: a code, and a recovery code, is good once, even of fifty at once', async () => {
  const { post, tested } = scene.club
  const { code, recoveryCodes } = await withTotp(scene.club, scene.anns)
  const pending = async (): Promise<string> =>
    String((await post('sign-in', { email: scene.anns, password })).body.pending)
  tested.clock.advance(60_000)
  const first = code()
  assert.equal((await post('second-factor', { pending: await pending(), code: first })).status, 200)
  const replayed = await post('second-factor', { pending: await pending(), code: first })
  assert.equal(replayed.status, 401, 'replayed within its step')
  tested.clock.advance(3_600_000)
  const waiting = [await pending(), await pending(), await pending(), await pending()]
  const tries = waiting.map((each) =>
    post('second-factor', { pending: each, code: recoveryCodes[0] }),
  )
  const statuses = (await Promise.all(tries)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join())
})

test('C16: no factor changes by an old proof', async () => {
  const { direct, post, tested } = scene.club
  const { token } = await withTotp(scene.club, scene.anns)
  tested.clock.advance(6 * 60_000)
  for (const flow of ['remove-totp', 'new-recovery-codes', 'set-up-totp']) {
    assert.match((await post(flow, {}, { token })).text, /step_up_required/, flow)
  }
  assert.equal(await direct('identity.removeTotp', {}, token), 'step_up_required')
})

test('C17: an account made under a foreign address goes to whoever reads its mails', async () => {
  const { mailed, post, send, tested } = scene.club
  await tested.data.user.update(scene.annId, { emailVerifiedAt: null })
  const eves = await signIn(scene.club, scene.anns)
  await post('send-link', { email: scene.anns })
  const [token] = await mailed(scene.anns)
  assert.equal((await post('sign-in-by-link', { token })).status, 200)
  assert.equal((await send('GET /api/identity/me', { token: eves })).status, 401)
  assert.equal((await post('sign-in', { email: scene.anns, password })).status, 401)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { clearAway } from '../../app/housekeeping.ts'
import { openDatabase } from '../../database/open.ts'
import { onBothServers, say } from '../../database/proof/servers.ts'
import { type Answer, openPeople, password, tokenIn } from './people.ts'

const anns = 'ann@people.example'
const minuteMs = 60_000

interface Pending {
  readonly pending: string
  readonly factors: readonly string[]
}

function bodyOf<T>({ text }: Answer): T {
  return JSON.parse(text) as T
}

onBothServers('the second factor', (server) => {
  async function ann(context: Parameters<typeof openPeople>[1]) {
    const people = await openPeople(server, context)
    const { tested, ask } = people
    const user = await tested.user({ email: anns, password })
    const sign = (more: object = {}) => ask('identity.signIn', { email: anns, password, ...more })
    const first = tokenIn(await sign())
    const made = bodyOf<{ secret: string; uri: string; qr: string }>(
      await ask('identity.setUpTotp', {}, { token: first }),
    )
    const totp = new TOTP({ secret: Secret.fromBase32(made.secret) })
    const code = (aheadSteps = 0) =>
      totp.generate({ timestamp: tested.clock.now() + aheadSteps * 30_000 })
    const confirm = () => ask('identity.confirmTotp', { code: code() }, { token: first })
    const second = (pending: string, typed: string, more: object = {}) =>
      ask('identity.secondFactor', { pending, code: typed, ...more })
    const next = () => tested.clock.advance(30_000)
    return { ...people, user, sign, first, made, code, confirm, second, next }
  }

  test('is set up, confirmed, and then asked for', async (context) => {
    const { made, confirm, sign, second, code, ask, first, tested, user, next } = await ann(context)
    assert.match(made.uri, /^otpauth:\/\/totp\/People:ann%40people\.example\?/)
    assert.match(made.qr, /^<svg/)
    assert.ok(bodyOf<{ token?: string }>(await sign()).token, 'not before it is confirmed')
    const confirmed = await confirm()
    const { recoveryCodes } = bodyOf<{ recoveryCodes: string[] }>(confirmed)
    assert.equal(new Set(recoveryCodes).size, 10)
    const raised = { token: tokenIn(confirmed) }
    assert.equal((await ask('identity.me', {}, raised)).status, 200)
    assert.equal((await ask('identity.me', {}, { token: first })).status, 401, 'another (C12)')
    assert.equal((await tested.data.user.get(user.id)).secondFactor, true)
    const { pending, factors } = bodyOf<Pending>(await sign())
    assert.match(pending, /^plp_[\w-]{43}$/)
    assert.deepEqual(factors, ['totp', 'recovery-code'])
    assert.equal((await ask('identity.me', {}, { token: pending })).status, 401, 'no session (C13)')
    next()
    const done = bodyOf<{ token: string }>(await second(pending, code()))
    assert.equal((await ask('identity.me', {}, { token: done.token })).status, 200)
    next()
    assert.equal((await second(pending, code())).status, 401, 'a sign-in ends once')
    const database = await openDatabase(tested.database)
    context.after(() => database.close())
    const stored = await database.query(say('select t::text from identity.totp_secret t'))
    assert.ok(!String(stored.rows[0]?.[0]).includes(made.secret), 'sealed at rest')
  })

  test('a code counts once, also at once, and no code before it (C15)', async (context) => {
    const { confirm, sign, second, code, next } = await ann(context)
    await confirm()
    const one = bodyOf<Pending>(await sign()).pending
    const two = bodyOf<Pending>(await sign()).pending
    assert.equal((await second(one, code())).status, 401, 'the one that confirmed it')
    next()
    const both = await Promise.all([second(one, code()), second(two, code())])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401])
    const three = bodyOf<Pending>(await sign()).pending
    assert.equal((await second(three, code(-1))).status, 401, 'older than the last')
    assert.equal((await second(three, code(1))).status, 200, 'a clock half a minute ahead')
  })

  test('recovery codes work once each, also at once', async (context) => {
    const { confirm, sign, second } = await ann(context)
    const { recoveryCodes } = bodyOf<{ recoveryCodes: string[] }>(await confirm())
    const [recovery = ''] = recoveryCodes
    const pendings = await Promise.all([1, 2, 3].map(async () => bodyOf<Pending>(await sign())))
    const all = await Promise.all(
      pendings.map(({ pending }) => second(pending, recovery.toLowerCase())),
    )
    assert.deepEqual(all.map(({ status }) => status).sort(), [200, 401, 401])
  })

  test('guesses count before they are checked, over all sign-ins (C04)', async (context) => {
    const { confirm, sign, second, code, tested } = await ann(context)
    await confirm()
    const pendings = [await sign(), await sign()].map((answer) => bodyOf<Pending>(answer).pending)
    tested.clock.advance(30_000)
    const wrong = code() === '000000' ? '000001' : '000000'
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, at) => second(pendings[at % 2] ?? '', wrong)),
    )
    assert.equal(tries.filter(({ status }) => status === 401).length, 5)
    assert.equal((await second(pendings[0] ?? '', code())).status, 429)
    await tested.drain()
    const told = (await tested.mails()).filter(({ subject }) => /knows your password/.test(subject))
    assert.deepEqual(
      told.map(({ to, text }) => `${to} ${/They are not in/.test(text)}`),
      [`${anns} true`],
      'once, however often',
    )
    tested.clock.advance(15 * minuteMs)
    const again = bodyOf<Pending>(await sign()).pending
    assert.equal((await second(again, code())).status, 200)
  })

  test('no other way in goes past it (C14)', async (context) => {
    const { confirm, ask, tested } = await ann(context)
    await confirm()
    const { attempt } = bodyOf<{ attempt: string }>(await ask('identity.sendLink', { email: anns }))
    await tested.drain()
    const mails = await tested.mails()
    const text = mails.find(({ subject }) => /Sign in/.test(subject))?.text ?? ''
    const byCode = { attempt, code: /: (\d{8})\./.exec(text)?.[1] ?? '' }
    const { pending } = bodyOf<Pending>(await ask('identity.signInByCode', byCode))
    assert.match(pending, /^plp_/)
    await ask('identity.forgotPassword', { email: anns })
    await tested.drain()
    const sent = (await tested.mails()).find(({ subject }) => /new password/.test(subject))
    const token = /token=([\w-]+)/.exec(sent?.text ?? '')?.[1] ?? ''
    const reset = { token, newPassword: 'another horse battery' }
    assert.equal((await ask('identity.resetPassword', reset)).status, 204)
    const signed = await ask('identity.signIn', { email: anns, password: reset.newPassword })
    assert.match(bodyOf<Pending>(signed).pending, /^plp_/)
  })

  test('a trusted device is not asked, until the factor changes', async (context) => {
    const { confirm, sign, second, code, next, tested, ask } = await ann(context)
    await confirm()
    const begin = async () => bodyOf<Pending>(await sign()).pending
    next()
    const answer = bodyOf<{ trusted: string; token: string }>(
      await second(await begin(), code(), { trust: true }),
    )
    assert.match(answer.trusted, /^pld_/)
    const { trusted } = answer
    const known = await sign({ trusted })
    assert.ok(bodyOf<{ token?: string }>(known).token)
    assert.equal((await ask('identity.me', {}, { token: trusted })).status, 401, 'no session')
    const others = await sign({ trusted: `${trusted.slice(0, -1)}x` })
    assert.ok(bodyOf<Pending>(others).pending)
    assert.equal((await ask('identity.removeTotp', {}, { token: answer.token })).status, 204)
    tested.clock.advance(minuteMs)
    assert.ok(bodyOf<{ token?: string }>(await sign()).token)
  })

  test('factors change after a fresh proof; the token too (C12, C16)', async (context) => {
    const { confirm, ask, tested, code, next, sign } = await ann(context)
    const first = tokenIn(await confirm())
    tested.clock.advance(6 * minuteMs)
    const refused = await ask('identity.removeTotp', {}, { token: first })
    assert.equal(refused.status, 401)
    assert.match(refused.text, /step_up_required/)
    const byPassword = await ask('identity.stepUp', { password }, { token: first })
    assert.match(byPassword.text, /"\/code"/)
    const stepped = await ask('identity.stepUp', { code: code() }, { token: first })
    const { token } = bodyOf<{ token: string }>(stepped)
    assert.equal(
      (await ask('identity.me', {}, { token: first })).status,
      401,
      'the old one is dead',
    )
    next()
    assert.equal((await ask('identity.newRecoveryCodes', {}, { token })).status, 200)
    assert.equal((await ask('identity.removeTotp', {}, { token })).status, 204)
    await tested.drain()
    assert.ok((await tested.mails()).some(({ text }) => /was removed/.test(text ?? '')))
    assert.ok(bodyOf<{ token?: string }>(await sign()).token)
  })

  test('what has run out is cleared away', async (context) => {
    const { confirm, sign, second, code, next, ask, tested, runtime } = await ann(context)
    await confirm()
    next()
    await second(bodyOf<Pending>(await sign()).pending, code(), { trust: true })
    await ask('identity.forgotPassword', { email: anns })
    await tested.drain()
    const left = async () => {
      const { passwordReset, pendingSignIn, trustedDevice, knownDevice } = tested.data
      const pages = [passwordReset, pendingSignIn, trustedDevice, knownDevice].map((model) =>
        (model as typeof passwordReset).find(),
      )
      return (await Promise.all(pages)).map(({ data }) => data.length)
    }
    await clearAway(runtime)
    assert.deepEqual(await left(), [1, 1, 1, 1])
    tested.clock.advance(16 * minuteMs)
    await clearAway(runtime)
    assert.deepEqual(await left(), [0, 0, 1, 1])
    tested.clock.advance(200 * 24 * 60 * minuteMs)
    await clearAway(runtime)
    assert.deepEqual(await left(), [0, 0, 0, 0])
  })

  test('every token is good for its own purpose only (C21)', async (context) => {
    const { confirm, ask, sign, tested } = await ann(context)
    const first = tokenIn(await confirm())
    const { pending } = bodyOf<Pending>(await sign())
    const { attempt } = bodyOf<{ attempt: string }>(await ask('identity.sendLink', { email: anns }))
    await ask('identity.forgotPassword', { email: anns })
    await ask('identity.sendVerification', {}, { token: first })
    await tested.drain()
    const mailed = (await tested.mails()).flatMap(({ text }) =>
      [...(text ?? '').matchAll(/token=([\w-]+)/g)].map(([, token = '']) => token),
    )
    assert.equal(mailed.length, 3)
    const kinds = new Map([
      ...mailed.map((token) => [token.slice(0, 4), token] as const),
      ['pls_', first],
      ['plp_', pending],
      ['pla_', attempt],
    ])
    assert.equal(kinds.size, 6)
    const newPassword = 'another horse battery'
    const uses: Readonly<Record<string, (token: string) => Promise<Answer>>> = {
      pls_: (token) => ask('session.list', {}, { token }),
      plp_: (token) => ask('identity.secondFactor', { pending: token, code: '000000' }),
      pla_: (token) => ask('identity.signInByCode', { attempt: token, code: '00000000' }),
      plv_: (token) => ask('identity.verifyEmail', { token }),
      plr_: (token) => ask('identity.resetPassword', { token, newPassword }),
      pll_: (token) => ask('identity.signInByLink', { token }),
      plc_: (token) => ask('identity.confirmEmail', { token }),
    }
    for (const [use, tried] of Object.entries(uses)) {
      for (const [kind, token] of kinds) {
        if (kind === use) continue
        assert.equal((await tried(token)).status, 401, `${kind} where ${use} is expected`)
      }
    }
  })
})

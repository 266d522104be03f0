import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { movableClock } from '../../base/time.ts'
import type { Database, Query } from '../../database/database.ts'
import { onBothServers, say } from '../../database/proof/servers.ts'
import { sessionTokens } from '../identify/sessions.ts'
import { identifier } from '../identify/tokens.ts'
import { invoke } from '../invoke.ts'
import { rateOf } from '../limiter.ts'
import type { Runtime } from '../runtime.ts'
import { callBy, type Desk, openDesk, outcomeOf } from './desk.ts'

const password = 'correct horse battery'
const wrongToken = `pls_${'A'.repeat(43)}`

async function tokenOf({ call, tested }: Desk, email: string): Promise<string> {
  await tested.user({ email, password })
  const reply = await call(undefined, 'identity.signIn', { input: { email, password } })
  return (JSON.parse(reply.body ?? '') as { token: string }).token
}

function withToken(token: string, from: 'bearer' | 'cookie', remoteAddress: string) {
  const as = { credential: { from, token } }
  return callBy(undefined, { operation: 'identity.me', as, remoteAddress })
}

/** A database that notes the single statements that go through it. */
function noting(real: Database): { readonly statements: Query[]; readonly database: Database } {
  const statements: Query[] = []
  const query: Database['query'] = (asked) => {
    statements.push(asked)
    return real.query(asked)
  }
  return {
    statements,
    database: {
      query,
      transaction: (work, options) => real.transaction(work, options),
      dedicated: (work) => real.dedicated(work),
      follow: (following) => real.follow(following),
      close: () => Promise.resolve(),
    },
  }
}

onBothServers('the path of a call', (server) => {
  test('single statements say whose turn they take; reads may be sent twice', async (context) => {
    const { ada, running } = await openDesk(server, context)
    const { statements, database } = noting(running.runtime.database)
    const runtime: Runtime = { ...running.runtime, database }
    const app = { caller: { is: 'unrestricted', reason: 'a proof' } } as const
    const input = { name: 'turns' }
    const calls = [
      callBy(ada, { operation: 'counter.list' }),
      callBy(undefined, { operation: 'tag.list', remoteAddress: '2001:db8::1' }),
      callBy(undefined, { operation: 'counter.list', as: app }),
      callBy(ada, { operation: 'counter.create', input }),
    ]
    for (const call of calls) await invoke(runtime, call)
    const told = statements.map(({ caller, repeatable }) => [caller, repeatable])
    assert.deepEqual(told, [
      [`user:${ada.id}`, true],
      ['network:2001:db8:0:0::/64', true],
      [undefined, true],
      [`user:${ada.id}`, undefined],
    ])
  })

  test('tokens of one moment share one statement; a wrong one fails alone', async (context) => {
    const desk = await openDesk(server, context)
    const { runtime } = desk.running
    const token = await tokenOf(desk, 'eve@desk.example')
    const { statements, database } = noting(runtime.database)
    const identify = identifier([
      sessionTokens({ database, clock: runtime.clock, log: runtime.log }),
    ])
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        outcomeOf(identify(index === 7 ? wrongToken : token)),
      ),
    )
    assert.equal(statements.length, 1)
    assert.deepEqual(
      outcomes.filter((each) => each !== 'done'),
      ['invalid_credentials'],
    )
    assert.equal(outcomes[7], 'invalid_credentials')
    assert.equal(await outcomeOf(identify("pls_' or true --")), 'invalid_credentials')
    assert.equal(statements.length, 1, 'what is no token is not looked up')
    const lost = { ...database, query: () => Promise.reject(new Failure('unavailable')) }
    const broken = identifier([
      sessionTokens({ database: lost, clock: runtime.clock, log: runtime.log }),
    ])
    const failed = await Promise.all([1, 2, 3].map(() => outcomeOf(broken(token))))
    assert.deepEqual(failed, ['unavailable', 'unavailable', 'unavailable'])
  })

  test('callers are counted by user or network, wrong tokens by network', async (context) => {
    const desk = await openDesk(server, context, { callsPerMinute: 4 })
    const { running } = desk
    const token = await tokenOf(desk, 'eve@desk.example')
    const ask = async (secret: string | undefined, address: string) => {
      const as =
        secret === undefined ? { credential: undefined } : withToken(secret, 'bearer', '').as
      const call = callBy(undefined, { operation: 'identity.me', as, remoteAddress: address })
      return running.invoke(call).then(
        ({ rate }) => rate?.remaining,
        (reason: Failure) => `${reason.code} ${rateOf(reason)?.remaining}`,
      )
    }
    const first = '2001:db8:1:1::1'
    const neighbour = '2001:DB8:1:1:ffff::2'
    assert.equal(await ask(undefined, first), 3)
    assert.equal(await ask(wrongToken, neighbour), 'invalid_credentials 2')
    assert.equal(await ask(wrongToken, first), 'invalid_credentials 1')
    assert.equal(await ask(undefined, neighbour), 0)
    assert.equal(await ask(wrongToken, first), 'rate_limited 0')
    assert.equal(await ask(undefined, '2001:db8:1:2::1'), 3)
    assert.equal(await ask(token, first), 3, 'a user has an own count')
    assert.equal(await ask(token, '192.0.2.9'), 2, 'wherever it calls from')
  })

  test('a database out of reach costs no caller anything', async (context) => {
    const { running } = await openDesk(server, context)
    const runtime: Runtime = {
      ...running.runtime,
      identify: () => Promise.reject(new Failure('unavailable')),
      limiter: { take: () => assert.fail('nothing is counted') },
    }
    const call = withToken(wrongToken, 'bearer', '192.0.2.1')
    assert.equal(await outcomeOf(invoke(runtime, call)), 'unavailable')
  })

  test('a cookie of an ended session is anonymous: its browser can sign in', async (context) => {
    const desk = await openDesk(server, context)
    const { running, call, tested } = desk
    const token = await tokenOf(desk, 'eve@desk.example')
    const stale = withToken(wrongToken, 'cookie', '192.0.2.1')
    const asked = await running.invoke(stale)
    assert.deepEqual([asked.body, asked.session], ['{"user":null}', null])
    const input = { email: 'eve@desk.example', password, cookie: true }
    const begun = await running.invoke({ ...stale, operation: 'identity.signIn', input })
    assert.match(begun.session?.token ?? '', /^pls_/)
    assert.equal(
      await outcomeOf(running.invoke(withToken(wrongToken, 'bearer', ''))),
      'invalid_credentials',
    )
    assert.match((await running.invoke(withToken(token, 'cookie', ''))).body ?? '', /eve@desk/)
    assert.equal((await call(desk.ada, 'identity.me')).session, undefined)
    const response = await tested.request('GET', '/api/identity/me', {
      headers: { cookie: `__Host-sid=${wrongToken}` },
    })
    assert.match(response.headers['set-cookie'] ?? '', /^__Host-sid=;.*Max-Age=0/)
  })

  test('nothing is begun after the deadline, nor by who waited past it', async (context) => {
    const desk = await openDesk(server, context)
    const { call, tested, running, ada } = desk
    const now = tested.clock.now()
    const make = (name: string, rest: object) =>
      outcomeOf(call(ada, 'counter.create', { input: { name }, ...rest }))
    assert.equal(await make('a', { deadlineMs: now }), 'deadline_exceeded')
    assert.equal(await make('b', { deadlineMs: now + 1 }), 'done')
    // Transactions hold every connection; who waits for one finds its deadline passed.
    const clock = movableClock(now)
    const runtime: Runtime = { ...running.runtime, clock }
    let free = (): void => undefined
    const freed = new Promise<void>((resolve) => {
      free = resolve
    })
    let held = 0
    const holders = Array.from({ length: limits.poolConnectionsMax }, () =>
      runtime.database.transaction(async (session) => {
        await session.query(say('select 1'))
        held += 1
        await freed
      }),
    )
    while (held < limits.poolConnectionsMax) await new Promise((resolve) => setTimeout(resolve, 5))
    const step = { operation: 'counter.create', input: { name: 'c' } }
    const calls = [
      callBy(ada, { ...step, idempotencyKey: 'k', deadlineMs: now + 1_000 }),
      callBy(ada, { operation: 'batch', input: { operations: [step] }, deadlineMs: now + 1_000 }),
      callBy(ada, { ...step, operation: 'counter.upsert', deadlineMs: now + 1_000 }),
    ]
    const late = calls.map((each) => outcomeOf(invoke(runtime, each)))
    await new Promise((resolve) => setTimeout(resolve, 20))
    clock.advance(1_000)
    free()
    assert.deepEqual(
      await Promise.all(late),
      calls.map(() => 'deadline_exceeded'),
    )
    await Promise.all(holders)
    const { data } = await tested.data.counter.find()
    assert.deepEqual(
      data.map(({ name }) => name),
      ['b'],
    )
  })
})

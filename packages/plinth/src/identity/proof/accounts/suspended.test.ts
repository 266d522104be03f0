import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokens } from '../../../app/people/sessions.ts'
import { prefixes } from '../../tokens.ts'
import { anns, hourMs, isGood, type People, placesOf, rowOf } from '../keys/token-places.ts'
import { type TokenType, tokenTypes } from '../keys/token-types.ts'
import { openIssuer } from '../outside/issuer.ts'
import { openStand } from '../outside/stand.ts'
import { openPeople, password } from '../people.ts'

// Of the types of tokens that are kept for a user by this app. Those of programs, which only an app
// that is a provider has, are suspended in identity/proof/provider.
test('C11: of an account that was suspended no token of any sort counts', async (context) => {
  const opened = await openPeople(undefined, context)
  const { tested } = opened
  const { records } = tested.running.users
  const { id } = await tested.user({ email: anns, password, verified: true })
  const admin = await tested.user({ email: 'root@people.example', roles: ['admin'] })
  const people: People = Object.assign(opened, { userId: id })
  const suspend = async (suspended: boolean): Promise<void> => {
    const asked = { as: admin, body: { suspended } }
    assert.equal((await tested.request('PATCH', `/api/users/${id}`, asked)).status, 200)
  }
  const places = placesOf(people)
  const tried = new Set<string>()
  for (const [name, prefix] of Object.entries(prefixes)) {
    const type = tokenTypes[name] as TokenType
    const model = tested.running.catalog.models.get(type.model ?? '')
    if (!model) continue
    for (const place of places.filter((one) => isGood(type, one.name))) {
      if (place.name !== 'bearer' && place.name !== 'cookie' && !alone(type, place.name)) continue
      const make = async () => {
        const keyed = name === 'key' || name === 'agent'
        const made = keyed ? tokens.makeKey(prefix) : tokens.make(prefix)
        await rowOf(people, model, { [type.hash ?? 'tokenHash']: made.hash })
        return made.token
      }
      if (whole.has(name)) {
        const taken = await place.ask(await make())
        assert.ok(!place.isRefused(taken), `${name} at ${place.name}: ${taken.text}`)
        tested.clock.advance(hourMs)
      }
      const before = await make()
      await suspend(true)
      // What is there already, and what comes into being at that moment, past the ending of all.
      for (const token of [before, await make()]) {
        tested.clock.advance(hourMs)
        const answer = await place.ask(token)
        assert.ok(place.isRefused(answer), `${name} at ${place.name}: ${answer.text}`)
      }
      await suspend(false)
      tested.clock.advance(hourMs)
      tried.add(name)
    }
    const [user] = await records.find('user', { filter: { id } })
    assert.equal(user?.email, anns)
  }
  assert.deepEqual([...tried].sort(), all)
})

/** Where it is the whole of what is shown: beside others, those are refused. */
function alone({ goodAt }: TokenType, place: string): boolean {
  return goodAt.includes(place)
}

// Those that are taken by themselves, without a password or a code beside them.
const whole: ReadonlySet<string> = new Set([
  ...['agent', 'change-email', 'key', 'reset-password', 'session', 'sign-in'],
])

const all = [
  ...(['agent', 'attempt', 'change-email', 'key', 'pending', 'reset-password'] as const),
  ...(['session', 'sign-in'] as const),
  'verify-email',
]

test('C11: nor does another provider sign somebody in who is suspended', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true, name: 'Ann' }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const { browser, records } = await openStand(context, { trusted })
  assert.equal((await browser().open('/account/with/acme')).at, '/account')
  const [user] = await records.find('user', {})
  const [session] = await records.find('session', {})
  await records.delete('session', String(session?.id))
  await records.update('user', String(user?.id), { suspended: true })
  const shut = await browser().open('/account/with/acme')
  assert.equal(shut.status, 401)
  assert.deepEqual(await records.find('session', {}), [])
})

/**
 * Proves that staff who acts as a user changes nothing of the account itself: every operation of
 * identity, as it is declared, is refused to them or stands below with the reason why not. A new
 * operation fails this until it has decided.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../packages/plinth/src/base/failure.ts'
import type { Operation } from '../../packages/plinth/src/catalog/catalog.ts'
import { password } from '../../packages/plinth/src/identity/proof/provider/stand.ts'
import type { Kind } from '../../packages/plinth/src/kinds/kinds.ts'
import { tokenIn, worldScene } from './once/world.ts'

const scene = worldScene()

const byProof = 'It asks for a proof of its own, and acts for whom that proves: not for the caller.'
const asked = 'It is asked for by somebody who is not signed in; the mail goes to its owner.'
const began = 'It begins a session of whoever shows who they are, in place of this one.'

/** What staff who acts as a user may do, and why. Reads are not listed: rules tell of them. */
const allowed: Readonly<Record<string, string>> = {
  'identity.me': 'It tells who acts as whom.',
  'identity.signOut': 'It ends the acting.',
  'identity.providers': 'It tells what everybody is told.',
  'identity.signUp': 'It makes another account.',
  'identity.continueAsGuest': 'It makes another account.',
  'identity.signIn': began,
  'identity.signInByLink': began,
  'identity.signInByCode': began,
  'identity.secondFactor': began,
  'identity.signInByPasskey': began,
  'identity.beginPasskeySignIn': began,
  'identity.beginSecondFactorPasskey': began,
  'identity.beginOutside': `${began} For anything else it asks for the person.`,
  'identity.finishOutside': began,
  'identity.finishSignUp': began,
  'identity.sendFinishSignUp': asked,
  'identity.waitingOutside': byProof,
  'identity.lookAtInvitation': byProof,
  'identity.upgrade': 'It is for guests, and nobody acts as a guest.',
  'identity.confirmUpgrade': 'It is for guests, and nobody acts as a guest.',
  'identity.forgotPassword': asked,
  'identity.sendLink': asked,
  'identity.resetPassword': byProof,
  'identity.verifyEmail': byProof,
  'identity.confirmEmail': byProof,
  'identity.declineInvitation': byProof,
}

const reads: ReadonlySet<string> = new Set(['list', 'get'])
const kits: ReadonlySet<string> = new Set(['identity', 'oauth'])

/** Every operation of identity that is to be refused, of those that the app has. */
function refusable(operations: Iterable<Operation>): readonly Operation[] {
  return [...operations].filter((operation) => {
    if (operation.type === 'action') {
      return kits.has(operation.kit) && !operation.declared && !(operation.name in allowed)
    }
    return kits.has(operation.model.kit) && !reads.has(operation.type)
  })
}

const words: Readonly<Record<string, unknown>> = {
  ...{ email: 'eve@notes.example', password, newPassword: 'another horse battery' },
  ...{ scopes: ['read'], role: 'member', provider: 'corp', reason: 'Order 7 is stuck' },
}

function valueFor(name: string, kind: Kind, userId: string): unknown {
  if (name in words) return words[name]
  if (kind.name === 'uuid') return userId
  if (kind.name === 'boolean') return true
  if (kind.name === 'json') return {}
  if (kind.name === 'list') return []
  if (kind.name === 'integer') return 1
  if (kind.name === 'choice') return (kind.jsonSchema.enum as readonly string[])[0]
  return 'x'
}

test('C16: who acts as a user changes nothing of the account, by any operation', async () => {
  const { post, provider, signIn, user } = scene.world
  const { running, tested } = provider
  const ann = await user('ann')
  const staffs = 'staff@notes.example'
  await tested.user({ email: staffs, password, roles: ['admin'] })
  const own = await signIn(ann.email)
  await post('create-organisation', { name: 'Acme' }, own)
  const key = await post('make-api-key', { name: 'till', scopes: ['read'] }, own)
  assert.equal(key.status, 200, JSON.stringify(key.body))
  const begun = await post('impersonate', { user: ann.id, reason: 'Order 7' }, await signIn(staffs))
  assert.equal(begun.status, 200, JSON.stringify(begun.body))
  const token = String(begun.body.token)
  const { records } = running.users
  const owned = async (model: string) =>
    (await records.find(model, { filter: { userId: ann.id }, limit: 1 }))[0]?.id
  const operations = refusable(running.catalog.operations.values())
  assert.ok(operations.length > 60, `${operations.length} operations`)
  const before = JSON.stringify(await records.find('user', { filter: { id: ann.id } }))
  const told: string[] = []
  let count = 0
  for (const operation of operations) {
    count += 1
    const input: Record<string, unknown> = {}
    let id = ann.id
    if (operation.type === 'action') {
      for (const { name, kind, optional } of operation.input.values()) {
        if (!optional) input[name] = valueFor(name, kind, ann.id)
      }
    } else {
      const { model } = operation
      for (const field of model.fields.values()) {
        const writable = field.role === 'declared' && !field.computed && field.name === 'name'
        if (writable && operation.type !== 'delete') input[field.name] = 'Eve'
      }
      if (model.name !== 'user' && model.fields.has('userId')) {
        id = String((await owned(model.name)) ?? ann.id)
      }
    }
    const whole = {
      ...{ operation: operation.name, input, id, traceId: '0'.repeat(32) },
      as: { credential: { from: 'bearer', token } },
      remoteAddress: `2001:db8:acd:${count.toString(16)}::1`,
    } as const
    const failure = await running.invoke(whole).then(
      ({ status }) => `${status}`,
      (error: unknown) => (error instanceof Failure ? error.code : String(error)),
    )
    // Of what no door leads to at all there is no more to tell.
    if (failure !== 'forbidden') told.push(`${operation.name}: ${failure}`)
  }
  assert.deepEqual(told, [])
  assert.equal(JSON.stringify(await records.find('user', { filter: { id: ann.id } })), before)
  const me = await tested.request('GET', '/api/identity/me', {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(me.status, 200, 'nor has it ended by being refused')
  const works = { headers: { authorization: `Bearer ${key.body.token}` } }
  assert.equal((await tested.request('GET', '/api/notes', works)).status, 200)
})

test('C16: who acts as a user does not stand in for their password', async () => {
  const { mail, post, provider, signIn, user } = scene.world
  const { records } = provider.running.users
  const bob = await user('bob')
  await provider.tested.user({ email: 'clerk@notes.example', password, roles: ['admin'] })
  const own = await signIn(bob.email)
  await records.update('user', bob.id, { emailVerifiedAt: null })
  await post('send-verification', {}, own)
  const token = tokenIn(await mail(bob.email))
  const asked = { user: bob.id, reason: 'Order 7' }
  const begun = await post('impersonate', asked, await signIn('clerk@notes.example'))
  const acting = await post('verify-email', { token }, String(begun.body.token))
  assert.equal(acting.body.code, 'invalid_input', JSON.stringify(acting.body))
  assert.equal((await post('verify-email', { token }, own)).status, 204)
})

test('what is allowed while acting is there, and has a reason', () => {
  const { catalog } = scene.world.provider.running
  const app = new Set(catalog.operations.keys())
  assert.deepEqual(
    Object.keys(allowed).filter((name) => !app.has(name)),
    [],
  )
  for (const reason of Object.values(allowed)) assert.match(reason, /^[A-Z].*\.$/)
})

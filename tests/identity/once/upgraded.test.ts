/**
 * Proves that what lies in mailboxes, browsers and devices while an app is brought up to date goes
 * on being good: a database of the tables that were, with live tokens of each type in them, is led
 * to the tables of today without a question, and each token is used afterwards.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internalTables, settleSchema } from '../../../packages/plinth/src/app/schema/schema.ts'
import type { Catalog } from '../../../packages/plinth/src/catalog/catalog.ts'
import { compileCatalog } from '../../../packages/plinth/src/catalog/compile.ts'
import type { AnyKit, AnyModelSpec } from '../../../packages/plinth/src/define/kit.ts'
import { identity } from '../../../packages/plinth/src/identity/kit.ts'
import { mailProofPurposes } from '../../../packages/plinth/src/identity/models/proofs.ts'
import { officeProof, post } from '../../../packages/plinth/src/identity/proof/provider/asking.ts'
import {
  client,
  password,
  person,
  program,
} from '../../../packages/plinth/src/identity/proof/provider/stand.ts'
import { oauth } from '../../../packages/plinth/src/identity/provider/kit.ts'
import { app, belongsTo, choice, email, instant, text } from '../../../packages/plinth/src/index.ts'
import { followDeclaration } from '../../../packages/plinth/src/migrate/migrate.ts'
import { tokenIn, worldScene } from './world.ts'

const scene = worldScene()

const hash = () => text({ max: 100, unique: true })
const ends = { expiresAt: instant(), usedAt: instant({ optional: true }) }
const owner = () => belongsTo('user', { onDelete: 'cascade' })

/** The tables that several types of token shared, as they were declared. */
const mailProof = {
  fields: {
    ...{ user: owner(), purpose: choice(mailProofPurposes), email: email(), tokenHash: hash() },
    attemptHash: text({ max: 100, unique: true, optional: true }),
    codeHash: text({ max: 100, optional: true }),
    passwordHash: text({ max: 500, optional: true }),
    ...ends,
  },
  indexes: [['expiresAt']],
} as unknown as AnyModelSpec
const oauthRequest = {
  fields: {
    ...{ kind: choice(['pushed', 'replay']), tokenHash: hash() },
    payload: text({ max: 200_000 }),
    ...ends,
  },
  indexes: [['expiresAt']],
} as unknown as AnyModelSpec
const more = {
  outsideAttempt: { stateHash: hash() },
  outsideLink: { mailTokenHash: text({ max: 100, optional: true, unique: true }) },
  oauthDeviceCode: { userCodeHash: hash() },
} as Readonly<Record<string, AnyModelSpec['fields']>>

/** A kit without the models that were split off, and with what they were split off of. */
function earlierKit(kit: AnyKit, added: Readonly<Record<string, AnyModelSpec>>): AnyKit {
  const stayed = Object.entries(kit.models).filter(([, { splitFrom }]) => splitFrom === undefined)
  const models = stayed.map(([name, spec]) => {
    return [name, { ...spec, fields: { ...spec.fields, ...more[name] } }] as const
  })
  return { ...kit, models: { ...Object.fromEntries(models), ...added }, logic: [] }
}

function earlier(catalog: Catalog): Catalog {
  const ours = earlierKit(identity as unknown as AnyKit, { mailProof })
  const theirs = earlierKit(oauth as unknown as AnyKit, { oauthRequest })
  const old = compileCatalog(app({ kits: [ours, { ...theirs, uses: [ours] } as never] }))
  const others = [...catalog.models].filter(([, { kit }]) => kit !== 'identity' && kit !== 'oauth')
  return { ...catalog, models: new Map([...old.models, ...others]) }
}

const base = 'id, created_at, updated_at, version'
const mailed = `${base}, user_id, email, token_hash, password_hash, expires_at, used_at`

/** The rows of today, put where they would have stood. */
const putBack = [
  ...[
    ['verify-email', 'email_verification'],
    ['change-email', 'email_change'],
    ['reset-password', 'password_reset'],
  ].map(
    ([purpose, table]) => `insert into identity.mail_proof (${mailed}, purpose)
      select ${mailed}, '${purpose}' from kept.${table}`,
  ),
  `insert into identity.mail_proof (${mailed}, purpose, attempt_hash, code_hash)
    select ${mailed}, 'upgrade', attempt_hash, code_hash from kept.upgrade_link`,
  `insert into identity.mail_proof (${mailed}, purpose, attempt_hash, code_hash)
    select l.id, l.created_at, l.updated_at, l.version, user_id, email, l.token_hash,
      password_hash, expires_at, used_at, 'sign-in', a.token_hash, a.code_hash
    from kept.sign_in_link l join kept.sign_in_attempt a on a.link_id = l.id`,
  `insert into oauth.oauth_request (${base}, kind, token_hash, payload, expires_at, used_at)
    select ${base}, 'pushed', token_hash, payload, expires_at, used_at
    from kept.oauth_pushed_request`,
  `insert into oauth.oauth_request (${base}, kind, token_hash, payload, expires_at)
    select ${base}, 'replay', token_hash, payload, expires_at from kept.oauth_assertion`,
]
/** Rows of tables that stay: with the columns that went elsewhere. */
const refill = [
  ['identity.outside_attempt', 'state_hash', 'kept.outside_state', 'attempt_id'],
  ['oauth.oauth_device_code', 'user_code_hash', 'kept.oauth_user_code', 'device_id'],
] as const

/** Leads the database to the tables that were, with the rows that are there. */
async function goBack(): Promise<void> {
  const { running } = scene.world.provider
  const { database } = running.runtime
  const { catalog } = running
  const run = (script: string) => database.dedicated((session) => session.script(script))
  const split = [...catalog.models.values()].filter(({ splitFrom }) => splitFrom)
  assert.equal(split.length, 11)
  await run('create schema kept')
  for (const { schema, table } of split) {
    await run(`create table kept.${table} as select * from ${schema}.${table}`)
  }
  const tables = refill.map(([table]) => table)
  for (const table of tables) {
    await run(`create table kept.${table.split('.')[1]} as select * from ${table}`)
    await run(`truncate ${table} cascade`)
  }
  const old = earlier(catalog)
  const internal = internalTables
  await followDeclaration({ database, catalog: old, internal, ask: () => true })
  for (const script of putBack) await run(script)
  for (const [table, column, from, by] of refill) {
    const { rows } = await database.query({
      text: `select string_agg(quote_ident(column_name), ', ') from information_schema.columns
        where table_schema = 'kept' and table_name = $1`,
      values: [table.split('.')[1] ?? ''],
    })
    const columns = rows[0]?.[0] ?? ''
    const cells = columns.split(', ').map((one) => `t.${one}`)
    await run(`insert into ${table} (${columns}, ${column}) select ${cells.join(', ')}, s.token_hash
      from kept.${table.split('.')[1]} t join ${from} s on s.${by} = t.id`)
  }
  await run('drop schema kept cascade')
  const again = await followDeclaration({ database, catalog: old, internal, ask: () => false })
  assert.equal(again.changed, false, 'the database is of the old form')
}

test('C09: what was mailed before an upgrade is good after it, once', async () => {
  const { mail, post: ask, provider, signIn, user } = scene.world
  const { running, clock, tested } = provider
  const [ann, bob, cid, dan] = [
    ...[await user('ann'), await user('bob'), await user('cid'), await user('dan')],
  ] as const
  await ask('forgot-password', { email: ann.email })
  const reset = tokenIn(await mail(ann.email))
  const { attempt } = (await ask('send-link', { email: bob.email })).body
  const code = /\b\d{6,8}\b/.exec(await mail(bob.email))?.[0]
  await ask('send-link', { email: cid.email })
  const link = tokenIn(await mail(cid.email))
  const dans = await signIn(dan.email)
  await ask('change-email', { email: 'new@notes.example', password }, dans)
  const change = tokenIn(await mail('new@notes.example'))
  const guest = String((await ask('continue-as-guest', {})).body.token)
  await ask('upgrade', { email: 'guest@notes.example', password, name: 'G' }, guest)
  const upgrade = tokenIn(await mail('guest@notes.example'))
  const device = await client.initiateDeviceAuthorization(await program(provider, 'phone'), {
    scope: 'note.read',
  })
  const pushed = await post({ origin: provider.origin, headers: officeProof }, '/oauth/par', {
    ...{ client_id: 'office', response_type: 'code', redirect_uri: 'https://office.example/b' },
    ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', scope: 'openid' },
  })
  assert.equal(pushed.status, 201)

  await goBack()
  const told: string[] = []
  const log = ({ message }: { readonly message: string }): void => void told.push(message)
  const { database } = running.runtime
  const setup = { mode: 'follow', migrations: 'none' } as const
  const { catalog } = running
  await settleSchema({ database, catalog, clock, log }, setup)
  const { rows } = await database.query({
    text: "select to_regclass('identity.mail_proof'), to_regclass('oauth.oauth_request')",
    values: [],
  })
  assert.deepEqual(rows, [[null, null]])

  const status = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status
  const newPassword = 'another horse battery'
  assert.equal(await status('reset-password', { token: link, newPassword }), 401, 'of its own type')
  assert.equal(await status('reset-password', { token: reset, newPassword }), 204)
  assert.equal(await status('reset-password', { token: reset, newPassword }), 401)
  assert.equal(await status('sign-in-by-code', { attempt, code }), 200)
  assert.equal(await status('sign-in-by-code', { attempt, code }), 401)
  assert.equal(await status('sign-in-by-link', { token: link }), 200)
  assert.equal(await status('sign-in-by-link', { token: link }), 401)
  assert.equal(await status('confirm-email', { token: change }), 204)
  assert.equal(await status('confirm-upgrade', { token: upgrade }, guest), 200)
  const eve = await person(provider, 'eve@notes.example')
  assert.equal((await eve.ask('device', { code: device.user_code })).status, 200)
  const url = new URL('/oauth/authorize', provider.origin)
  url.searchParams.set('client_id', 'office')
  url.searchParams.set('request_uri', String(pushed.told.request_uri))
  const led = await eve.go(url.href)
  assert.match(led.headers.get('location') ?? '', /interaction/)
  await tested.drain()
})

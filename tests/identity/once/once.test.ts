/**
 * Proves that each type of token has its own prefix, place and key, and that whatever is good once
 * is used up by one conditional statement: of a type that forgets it, this file says so.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf } from '../../../packages/plinth/src/app/compose.ts'
import { deriveKey } from '../../../packages/plinth/src/app/config/secret.ts'
import {
  tokenTypes,
  unprefixed,
} from '../../../packages/plinth/src/identity/proof/keys/token-types.ts'
import { prefixes } from '../../../packages/plinth/src/identity/tokens.ts'
import { app, identity, instant, kit, text } from '../../../packages/plinth/src/index.ts'
import { isTest } from '../../tidy/source.ts'
import { listFiles, readText } from '../../tidy/tree.ts'
import * as scan from './scan.ts'
import { besides, keyMakers, labels, lasting, once, otherwise, unkept } from './table.ts'

const root = 'packages/plinth/src/'
const below = (path: string): boolean => path.startsWith(root) && path.endsWith('.ts')
const sources = listFiles()
  .filter((path) => below(path) && !isTest(path) && !path.includes('/proof/'))
  .map(readText)
  .map(({ path, text }) => ({ path: path.slice(root.length), text }))
const ours = sources.filter(({ path }) => /^(?:identity|app|engine)\//.test(path))

const catalog = catalogOf(
  app({
    ...{ title: 'Everything', kits: [identity] },
    organisations: { roles: { member: [] } },
    accounts: { guests: true },
    services: { clerk: { scopes: ['read'] } },
    provider: { scopes: {}, clients: [] },
  }),
)

test('all that is good once is marked by one conditional statement, and nowhere else', () => {
  assert.ok(ours.length > 200, `${ours.length} sources`)
  assert.deepEqual(scan.unlisted(catalog), [])
  for (const { mark } of once) {
    const [model = '', field = ''] = mark.split('.')
    const known = catalog.models.get(model)?.fields.get(field)
    assert.ok(known?.optional, `${mark} is a field that can be null`)
  }
  assert.deepEqual(scan.usedUp(ours), scan.expectedUses('consumeOnce'))
  const kept = sources.find(({ path }) => path === 'engine/identify/oauth/kept.ts')
  const byHand = scan.writtenByHand(ours)
  assert.deepEqual(byHand, [`${kept?.path} writes it by SQL`], 'but for the statement of useOnce')
  assert.match(kept?.text ?? '', /set used_at = [^`]* and used_at is null`/)
})

test('what the OAuth library keeps once goes through useOnce', () => {
  const storage = sources.find(({ path }) => path === 'app/provider/storage/storage.ts')?.text ?? ''
  const kinds = sources.find(({ path }) => path === 'engine/identify/oauth/kept.ts')?.text ?? ''
  const named = [...kinds.matchAll(/'(oauth_\w+)'/g)].map(([, kind]) => kind)
  for (const { mark } of once.filter(({ by }) => by === 'useOnce')) {
    const model = mark.split('.')[0] ?? ''
    const kind = model.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    assert.ok(named.includes(kind), `${kind} is a kind of useOnce`)
    assert.ok(storage.includes(`'${kind}'`), `${kind} is kept by the storage`)
  }
  assert.equal(storage.split('await useOnce(').length, 4, 'grants, devices, requests')
})

test('what is good once by another way stands where its reason says', () => {
  for (const { what, statement, file, why } of otherwise) {
    const source = sources.find(({ path }) => path === file)?.text ?? ''
    assert.equal(
      source.split(statement).length,
      2,
      `${what}: ${file} holds this once: ${statement}`,
    )
    assert.match(why, /^[A-Z].*\.$/)
  }
})

test('every type of token has its own prefix and its own table', () => {
  assert.deepEqual(Object.keys(tokenTypes).sort(), Object.keys(prefixes).sort())
  assert.deepEqual(scan.untyped(catalog, Object.values({ ...tokenTypes, ...unprefixed })), [])
  for (const [name, { model, hash = 'tokenHash' }] of Object.entries(tokenTypes)) {
    if (model === undefined) {
      assert.ok(name in unkept, `${name} is kept nowhere`)
      continue
    }
    assert.ok(catalog.models.get(model)?.fields.has(hash), `${name}: ${model}.${hash}`)
    const single = once.some(({ mark }) => mark.startsWith(`${besides[model] ?? model}.`))
    assert.ok(single || model in lasting, `${name} is good once, or lasts for a reason`)
    if (besides[model] === undefined) continue
    const other = [...(catalog.models.get(model)?.relations.values() ?? [])][0]
    assert.equal(other?.target, besides[model], `${name} is used up with what it stands beside`)
    assert.equal(other.onDelete, 'cascade')
    assert.ok(catalog.models.get(model)?.fields.get(other.local)?.unique, `${name}: one for each`)
  }
  const maker = /\btokens\.make(?:Key)?\(\s*['"`][^'"`]/
  assert.deepEqual(
    ours.filter(({ text }) => maker.test(text)).map(({ path }) => path),
    [],
    'no token is made by a prefix that stands in no table',
  )
})

test('every purpose has a key of its own', () => {
  assert.deepEqual([...scan.derived(sources)].sort(), [...scan.expectedLabels()].sort())
  const secret = 'x'.repeat(43)
  const keys = Object.keys(labels).map((label) =>
    Buffer.from(deriveKey(secret, label)).toString('hex'),
  )
  assert.equal(new Set(keys).size, keys.length)
  for (const label of Object.keys(labels)) {
    const beginning = Object.keys(labels).filter(
      (other) => other !== label && other.startsWith(label),
    )
    assert.deepEqual(beginning, [], `${label} is the beginning of no other one`)
  }
  const primitives = /\b(?:hkdfSync|createHmac|createCipheriv|createDecipheriv|crypto\.subtle)\b/
  const makers = sources.filter(({ text }) => primitives.test(text)).map(({ path }) => path)
  assert.deepEqual(makers.sort(), [...keyMakers].sort())
})

test('a type of token without a table of its own is told', () => {
  const secret = () => text({ unique: true })
  const gifts = kit('gifts', { models: { gift: { fields: { tokenHash: secret() } } } })
  const cards = kit('cards', {
    models: { card: { fields: { tokenHash: secret(), cardHash: secret() } } },
  })
  const { models } = catalogOf(app({ kits: [gifts, cards] }))
  const planted = ['gift', 'card'].map((name) => {
    const model = models.get(name) ?? assert.fail(name)
    return [name, { ...model, kit: 'identity' }] as const
  })
  const known = Object.values({ ...tokenTypes, ...unprefixed })
  const more = [...known, { model: 'session' }, { model: 'card' }]
  assert.deepEqual(scan.untyped({ models: new Map([...catalog.models, ...planted]) }, more), [
    'session keeps two types of token',
    'gift keeps a token of no type',
    'card.tokenHash and card.cardHash are two types of token in one table',
  ])
})

test('a type of token that forgets it is told', () => {
  const gifts = kit('gifts', {
    models: { gift: { fields: { tokenHash: text(), usedAt: instant({ optional: true }) } } },
  })
  const { models } = catalogOf(app({ kits: [gifts] }))
  const gift = models.get('gift') ?? assert.fail('there is one')
  const planted = new Map([['gift', { ...gift, kit: 'identity' }]])
  assert.deepEqual(scan.unlisted({ models: planted }), [
    'gift.usedAt is used up by nothing',
    'gift keeps a secret: once, or lasting',
  ])
  const path = 'identity/gifts.ts'
  const byHand = { path, text: 'if (!gift.usedAt) await data.gift.update(id, { usedAt: now })' }
  assert.deepEqual(scan.writtenByHand([byHand]), [`${path} writes usedAt`])
  const bySql = { path, text: 'update gift set used_at = now()' }
  assert.deepEqual(scan.writtenByHand([bySql]), [`${path} writes it by SQL`])
  const label = { path, text: "deriveKey(secret, 'second-factors')" }
  assert.deepEqual(scan.derived([label]), [`second-factors ${path}`])
  assert.deepEqual(scan.usedUp([{ path, text: "data.gift.consumeOnce(id, 'usedAt')" }]), [
    `gift.usedAt ${path}`,
  ])
})

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type AppFolder, appFolder, shopApp } from './process.ts'

const declared = `provider: {
    scopes: { 'product.read': 'See the products', 'product.write': 'Change the products' },
    clients: [{ id: 'ledger', name: 'Ledger', redirects: ['https://ledger.example/back'] }],
  },`

function providerApp(): string {
  return shopApp().replace(/\n(export default app\(\{)/, `\n$1\n  ${declared}`)
}

const secretPattern = /shown only now: (plx_\S{43})$/m

/** Asks the token endpoint who a client is: undefined where it is let in. */
async function refused(base: string, id: string, secret: string): Promise<string | undefined> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  const response = await fetch(`${base}/oauth/introspect`, {
    ...{ method: 'POST', body: 'token=x' },
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
  })
  return ((await response.json()) as { error?: string }).error
}

const wrong: readonly (readonly [line: string, code: number, told: RegExp])[] = [
  ['client', 2, /add.*\n.*change.*\n.*list.*\n.*rotate-secret.*\n.*remove/s],
  ['client add', 2, /--redirect/],
  ['client add --redirect https://a.example/b', 2, /Something is missing: plinth client add/],
  ['client add X --redirect http://a.example/b', 1, /http:\/\/a\.example\/b: It must begin with h/],
  ['client add X --redirect https://a.example', 1, /Write it as browsers do: https:\/\/a\.ex/],
  ['client add X --redirect com.x:/b --native --secret', 1, /cannot keep a secret/],
  ['client add X --redirect https://a.example/b --id ledger', 1, /a client ledger already/],
  ['client add X --redirect https://a.example/b --scopes product.burn', 1, /no scope "product\.b/],
  ['client add X --redirect https://a.example/b --keys none.json', 2, /none\.json cannot be read/],
  ['client add X --redirect https://a.example/b --keys app.ts', 2, /app\.ts holds no JSON/],
  ['client add X --redirect https://a.example/b --keys words.json', 2, /holds no public keys/],
  [
    'client add X --redirect https://a.example/b --keys private.json',
    1,
    /private: give the public/,
  ],
  ['client add X --redirect https://a.example/b --keys key.json --secret', 1, /keys and a secret/],
  ['client change office', 2, /Say what to change: plinth client change/],
  ['client change office --keys key.json', 1, /keys and a secret/],
  ['client change till --scopes product.burn', 1, /product\.read, product\.write/],
  ['client change ledger --scopes product.read', 1, /one of the declaration/],
  ['client change nobody --scopes product.read', 1, /no client nobody/],
  ['client remove nobody --yes', 1, /no client nobody.*plinth client list/],
  ['client remove ledger --yes', 1, /one of the declaration/],
  ['client remove ledger', 2, /--yes/],
  ['client rotate-secret ledger', 1, /one of the declaration/],
  ['client rotate-secret phone', 1, /keeps no secret/],
  ['client rotate-secret office --overlap-hours 1000', 1, /at most 168 hours/],
  ['client rotate-secret office --overlap-hours x', 2, /no whole number/],
]

async function isTold(folder: AppFolder): Promise<void> {
  for (const [line, code, pattern] of wrong) {
    const ended = await folder.run(line.split(' '))
    assert.match(ended.told, pattern, line)
    assert.equal(ended.code, code, `${line}: ${ended.told}`)
    assert.doesNotMatch(ended.told, /\n\s+at /, line)
  }
}

test('clients are added, listed, given another secret and removed', async (t) => {
  const folder = await appFolder(t, providerApp())
  const { base, end } = await folder.serve(['start'])
  const run = (line: string) => folder.run(line.split(' '))
  const redirect = '--redirect https://office.example/back'
  const made = await run(`client add Office --id office ${redirect} --secret`)
  assert.equal(made.data, 'office\n', made.told)
  const first = secretPattern.exec(made.told)?.[1] ?? assert.fail(made.told)
  assert.equal(await refused(base, 'office', first), undefined)
  const phone = await run('client add Phone --id phone --native --redirect http://127.0.0.1/back')
  assert.match(phone.told, /keeps no secret/)
  const named = await run(`client add Random ${redirect}`)
  assert.match(named.data, /^[A-Za-z0-9][\w-]{15}\n$/)
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keys = {
    'key.json': publicKey.export({ format: 'jwk' }),
    'private.json': [privateKey.export({ format: 'jwk' })],
    'words.json': { keys: ['a'] },
  }
  for (const [name, told] of Object.entries(keys)) {
    await folder.write(name, JSON.stringify(told))
  }
  const held = '--scopes product.read --keys key.json'
  const till = await run(`client add Till --id till ${redirect} ${held}`)
  assert.match(till.told, /It proves itself by its key\./)
  await isTold(folder)
  assert.equal((await run('client change till --scopes product.read,product.write')).code, 0)
  const { data } = await run('client list')
  assert.match(data, /ledger +Ledger +web +none +declaration +all +https:\/\/ledger\.example\/back/)
  assert.match(data, /office +Office +web +secret +database +all +https:\/\/office\.example\/back/)
  assert.match(data, /phone +Phone +native +none +database/)
  assert.match(data, /till +Till +web +keys +database +product\.read product\.write +https/)
  assert.ok(!data.includes('plx_'))
  const second = secretPattern.exec((await run('client rotate-secret office')).told)?.[1] ?? ''
  assert.equal(await refused(base, 'office', second), undefined)
  assert.equal(await refused(base, 'office', first), undefined, 'both, for a while')
  const third = (await run('client rotate-secret office --overlap-hours 0')).told
  assert.match(third, /is dead/)
  assert.equal(await refused(base, 'office', second), 'invalid_client')
  assert.equal(await refused(base, 'office', secretPattern.exec(third)?.[1] ?? ''), undefined)
  assert.equal((await run('client remove office --yes')).code, 0)
  assert.doesNotMatch((await run('client list')).data, /^office/m)
  await end()
})

test('an app that is no provider has no clients, and says so', async (t) => {
  const folder = await appFolder(t, shopApp())
  const ended = await folder.run(['client', 'list'])
  assert.match(ended.told, /no OAuth provider.*declare `provider`/)
  assert.equal(ended.code, 1)
})

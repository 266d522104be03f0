import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceTokens } from '../../app/services/credential.ts'
import { type AppFolder, appFolder, type Served, shopApp } from './process.ts'

type Beside = (folder: AppFolder, served: Served) => Promise<void>

const usersOf = async ({ base }: Served, token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token.trim()}` }
  return (await fetch(`${base}/api/products`, { headers })).status
}

const idOf = (told: string): string => /The key ([0-9a-f-]{36})/.exec(told)?.[1] ?? told

const keysOfUsers: Beside = async (folder, served) => {
  const words = ['key', 'create', 'staff@shop.example', '--name', 'till']
  const made = await folder.run([...words, '--scopes', 'product.read', '--days', '3'])
  assert.match(made.data, /^plk_[\w-]{43}[A-Za-z0-9]{6}\n$/, made.told)
  assert.match(made.told, /shown only now/)
  assert.ok(!made.told.includes(made.data.trim()), 'printed as data alone')
  assert.equal(await usersOf(served, made.data), 200)
  const { data } = await folder.run(['key', 'list', 'staff@shop.example'])
  assert.match(data, new RegExp(`${made.data.slice(0, 8)}\\s+key\\s+till\\s+product\\.read`))
  assert.ok(!data.includes(made.data.trim()))
  const next = await folder.run(['key', 'rotate', idOf(made.told), '--overlap-hours', '0'])
  assert.match(next.data, /^plk_/, next.told)
  assert.equal(await usersOf(served, made.data), 401)
  assert.equal(await usersOf(served, next.data), 200)
  const again = await folder.run(['key', 'rotate', idOf(made.told)])
  assert.equal(again.code, 1)
  const ended = await folder.run(['key', 'revoke', idOf(next.told)])
  assert.equal(ended.code, 0, ended.told)
  assert.equal(await usersOf(served, next.data), 401)
  const lines = await folder.run(['key', 'list', 'staff@shop.example', '--format', 'jsonl'])
  assert.equal(lines.data, '')
}

const keysOfServices: Beside = async (folder, served) => {
  const signed = await folder.run(['service', 'token', 'billing', '--seconds', '60'])
  assert.match(signed.data, /^pln_/, signed.told)
  assert.equal(await usersOf(served, signed.data), 200)
  const made = await folder.run(['service', 'key', 'billing', '--days', '3'])
  assert.match(made.data, /^plq_/, made.told)
  // The very process of the test is the service now.
  const tokenOf = serviceTokens(made.data)
  assert.equal(await usersOf(served, await tokenOf()), 200)
  assert.equal(await usersOf(served, made.data), 401, 'the key itself is no token')
  const { data } = await folder.run(['service', 'list'])
  assert.match(data, /billing\s+product\.read\s+[0-9a-f-]{36}\s+service/)
  assert.match(data, /billing\s+product\.read\s+[0-9a-f-]{36}\s+installation/)
  const next = await folder.run(['service', 'rotate', idOf(made.told)])
  assert.equal(await usersOf(served, await serviceTokens(next.data)()), 200)
  assert.equal(await usersOf(served, await tokenOf()), 200, 'for a while')
  const ended = await folder.run(['service', 'revoke', idOf(next.told)])
  assert.match(ended.told, /is ended/)
  const lines = await folder.run(['service', 'list', '--format', 'jsonl'])
  assert.equal(lines.data.trim().split('\n').length, 2)
}

const wrong: readonly (readonly [string, number, RegExp])[] = [
  ['key', 2, /list.*\n.*create.*\n.*rotate/s],
  ['key list', 2, /Something is missing: plinth key list/],
  ['key list nobody@x.example', 1, /There is no user nobody@x\.example/],
  ['key create staff@shop.example --name x', 2, /required option '-s, --scopes/],
  ['key create staff@shop.example --name x --scopes product.reed', 1, /did you mean product\.read/],
  ['key create staff@shop.example --name x --scopes read --days 400', 1, /1 to 365 days/],
  ['key create staff@shop.example --name x --scopes read --days x', 2, /--days: "x" is no whole/],
  [
    'key create staff@shop.example --name x --scopes read --network here',
    1,
    /an address, or a net/,
  ],
  ['key create nobody@x.example --name x --scopes read', 1, /There is no user/],
  ['key rotate nothing', 1, /There is no key nothing: see plinth key list/],
  ['key revoke 01234567-89ab-7cde-8f01-23456789abcd', 1, /There is no key 0123/],
  ['service token', 2, /Something is missing: plinth service token/],
  ['service token bling', 1, /no service "bling"/],
  ['service token biling', 1, /did you mean billing\?/],
  ['service token billing --seconds 301', 1, /1 to 300 seconds/],
  ['service key billing --days 400', 1, /1 to 365 days/],
  ['service revoke nothing', 1, /No key nothing counts: see plinth service list/],
]

test('keys of users and of services, beside a running server', async (t) => {
  const services = "services: { billing: { scopes: ['product.read'] } },"
  const folder = await appFolder(
    t,
    shopApp().replace('export default app({', (at) => `${at} ${services}`),
  )
  const served = await folder.serve(['start'])
  await t.test('key: made, listed, rotated, ended', () => keysOfUsers(folder, served))
  await t.test('service: signs here and elsewhere', () => keysOfServices(folder, served))
  await t.test('what is typed wrong is answered with the cure', async () => {
    for (const [line, code, pattern] of wrong) {
      const ended = await folder.run(line.split(' '))
      assert.match(ended.told, pattern, line)
      assert.equal(ended.code, code, `${line}: ${ended.told}`)
      assert.doesNotMatch(ended.told, /\n\s+at /, line)
      assert.equal(ended.data, '', line)
    }
  })
  await served.end()
})

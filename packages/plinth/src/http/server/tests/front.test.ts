import assert from 'node:assert/strict'
import { test } from 'node:test'
import { echo, type ServedWith, sendRaw, withServer } from './raw-client.ts'

type Headers = Readonly<Record<string, string>>

const shop = 'https://shop.example'
const visit = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }

/** What a server writes down where each of these comes on a connection of its own, twice. */
async function noticed(
  options: ServedWith,
  ...sent: readonly Headers[]
): Promise<readonly string[]> {
  const all: string[] = []
  await withServer(
    echo,
    async ({ port, logs }) => {
      for (const headers of [...sent, ...sent]) {
        const lines = Object.entries({ Host: 'shop.example', ...headers })
        const head = lines.map((line) => `${line.join(': ')}\r\n`).join('')
        const { statuses } = await sendRaw(port, [`GET /x HTTP/1.1\r\n${head}\r\n`], {
          quietMs: 40,
        })
        assert.deepEqual(statuses, [200], 'it is answered all the same')
      }
      assert.ok(logs.every(({ level }) => level === 'warning'))
      all.push(...logs.map(({ message }) => message))
    },
    options,
  )
  return all
}

test('a proxy that nobody told the server of is written down once, with the cure', async () => {
  for (const header of ['X-Forwarded-Proto', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host']) {
    const said = await noticed({}, { [header]: 'https' }, { [header]: 'evil\u00a0words' })
    assert.equal(said.length, 1, header)
    assert.match(
      String(said[0]),
      new RegExp(
        `^${header} comes from 127.0.0.1 and is not believed, as PLINTH_TRUSTED_PROXIES is 0`,
      ),
    )
    assert.match(String(said[0]), /set PLINTH_TRUSTED_PROXIES to how many stand in front/)
    assert.doesNotMatch(String(said[0]), /evil/, 'what a caller makes up stays out of the log')
  }
})

test('where the setting fits, or nothing stands in front, nothing is written down', async () => {
  const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1' }
  assert.deepEqual(await noticed({ trustedProxies: 1, publicUrl: shop }, forwarded), [])
  assert.deepEqual(await noticed({}, {}, visit, { Origin: shop }), [])
  const local = { Host: 'localhost:3000', ...visit }
  assert.deepEqual(await noticed({ publicUrl: shop }, local, { Host: '10.0.0.7' }), [])
})

test('fewer proxies than the setting says, and a header that is not read', async () => {
  const both = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1, 192.0.2.2' }
  const [fewer, ...none] = await noticed({ trustedProxies: 2 }, both)
  assert.match(String(fewer), /^X-Forwarded-Proto from 127.0.0.1 holds fewer .* which is 2/)
  const [unread, ...more] = await noticed({ trustedProxies: 1 }, { Forwarded: 'proto=https' })
  assert.match(String(unread), /^Forwarded comes .* send X-Forwarded-For and X-Forwarded-Proto/)
  assert.deepEqual([...none, ...more], [])
})

test('a public address that is not the one that people come by', async () => {
  const page = { Origin: shop }
  const [name, ...none] = await noticed({ publicUrl: shop }, page)
  assert.match(
    String(name),
    /^A page of PLINTH_URL \(https:\/\/shop.example\) calls, but the request/,
  )
  assert.match(String(name), /names http:\/\/shop.example: .* set PLINTH_TRUSTED_PROXIES/)
  const other = { Host: 'www.shop.example', ...visit }
  const [visited, ...more] = await noticed({ publicUrl: shop }, other)
  assert.match(
    String(visited),
    /^Somebody opens http:\/\/www.shop.example, but PLINTH_URL is https/,
  )
  assert.deepEqual([...none, ...more], [])
})

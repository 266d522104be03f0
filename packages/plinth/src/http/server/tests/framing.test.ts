import assert from 'node:assert/strict'
import { test } from 'node:test'
import { echo, sendRaw, withServer } from './raw-client.ts'

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

const get = 'GET / HTTP/1.1\r\nHost: a\r\n'
const post = 'POST / HTTP/1.1\r\nHost: a\r\n'
const chunked = 'Transfer-Encoding: chunked\r\n'
const end = `\r\n\r\n${smuggled}`
const last = `0${end}`

// Each is one request that two parsers could read as two (security H04).
const refused: Readonly<Record<string, string>> = {
  'a length and a transfer encoding': `${post}Content-Length: 4\r\n${chunked}\r\n${last}`,
  'a transfer encoding and a length': `${post}${chunked}Content-Length: 4\r\n\r\n${last}`,
  'two lengths': `${post}Content-Length: 0\r\nContent-Length: 35${end}`,
  'two equal lengths': `${post}Content-Length: 0\r\nContent-Length: 0${end}`,
  'a list of lengths': `${post}Content-Length: 0, 35${end}`,
  'a signed length': `${post}Content-Length: +0${end}`,
  'a hexadecimal length': `${post}Content-Length: 0x0${end}`,
  'an unknown encoding': `${post}Transfer-Encoding: xchunked${end}`,
  'an encoding twice': `${post}${chunked}Transfer-Encoding: identity\r\n\r\n${last}`,
  'an encoding in HTTP/1.0': `POST / HTTP/1.0\r\nHost: a\r\n${chunked}\r\n${last}`,
  'a vertical tab before the encoding': `${post}Transfer-Encoding: \x0bchunked\r\n\r\n${last}`,
  'a space before the colon': `${post}Content-Length : 35${end}`,
  'a folded header': `${get}X: 1\r\n Content-Length: 35${end}`,
  'a bare line feed': `GET / HTTP/1.1\nHost: a\nContent-Length: 0\n\n${smuggled}`,
  'a bare carriage return': `GET / HTTP/1.1\r\nHost: a\rX: 1${end}`,
  'a NUL in a value': `${get}X: 1\x002${end}`,
  'a control character in a name': `${get}X\x01: 1${end}`,
  'a bad chunk size': `${post}${chunked}\r\nzz${end}`,
  'an overflowing chunk size': `${post}${chunked}\r\nfffffffffffffffff${end}`,
  'a chunk longer than it says': `${post}${chunked}\r\n1\r\nabc\r\n${last}`,
  'two hosts': `${get}Host: b${end}`,
  'two equal hosts': `${get}Host: a${end}`,
  'no host': `GET / HTTP/1.1${end}`,
  'an empty host': `GET / HTTP/1.1\r\nHost: ${end}`,
  'a host with a path': `GET / HTTP/1.1\r\nHost: a/b${end}`,
  'a host with a user': `GET / HTTP/1.1\r\nHost: x@a${end}`,
  'a list of hosts': `GET / HTTP/1.1\r\nHost: a, b${end}`,
  'an absolute address elsewhere': `GET http://b/ HTTP/1.1\r\nHost: a${end}`,
  'an asterisk': `OPTIONS * HTTP/1.1\r\nHost: a${end}`,
  'HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM${end}`,
  'HTTP/3.1': `GET / HTTP/3.1\r\nHost: a${end}`,
  noise: `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${smuggled}`,
}

for (const [name, bytes] of Object.entries(refused)) {
  test(`H04: ${name} is refused, and what follows is not read`, async () => {
    let answered = 0
    const counting: typeof echo = (request) => {
      if (request.path === '/smuggled') answered += 1
      return echo(request)
    }
    await withServer(
      counting,
      async ({ port }) => {
        const answer = await sendRaw(port, [Buffer.from(bytes, 'latin1')], { quietMs: 400 })
        assert.deepEqual(answer.statuses, [400], answer.text)
        assert.match(answer.text, /content-type: application\/problem\+json/)
        assert.match(answer.text, /x-content-type-options: nosniff/)
        assert.equal(answer.closed, true)
        assert.equal(answered, 0)
      },
      { limits: { unreadBodyWaitMs: 100 } },
    )
  })
}

test('our own absolute address is the same as the path', async () => {
  await withServer(echo, async ({ port }) => {
    const { text } = await sendRaw(port, ['GET http://A:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n'])
    assert.match(text, /\r\n\r\n\/x\|x\|$/)
  })
})

test('pipelined requests are answered in order', async () => {
  await withServer(
    async (request) => {
      if (request.path === '/a') await new Promise((resolve) => setTimeout(resolve, 60))
      return echo(request)
    },
    async ({ port }) => {
      const one = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
      const { text, statuses } = await sendRaw(port, [one('/a') + one('/b') + one('/c')])
      assert.deepEqual(statuses, [200, 200, 200])
      assert.ok(text.indexOf('/a|') < text.indexOf('/b|'))
      assert.ok(text.indexOf('/b|') < text.indexOf('/c|'))
    },
  )
})

test('a flood of pipelined requests is cut', async () => {
  let ran = 0
  await withServer(
    async (request) => {
      ran += 1
      await new Promise((resolve) => setTimeout(resolve, 100))
      return echo(request)
    },
    async ({ port }) => {
      const { closed } = await sendRaw(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500)], {
        quietMs: 600,
      })
      assert.equal(closed, true)
      assert.equal(ran, 32)
    },
  )
})

test('a valid request before garbage is answered, and nothing else', async () => {
  await withServer(
    async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return echo(request)
    },
    async ({ port }) => {
      const { statuses, closed } = await sendRaw(port, [
        'GET /a HTTP/1.1\r\nHost: a\r\n\r\n\x00\x01garbage\r\n\r\n',
      ])
      assert.deepEqual(statuses, [200])
      assert.equal(closed, true)
    },
  )
})

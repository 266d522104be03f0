import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { monotonicMs } from '../../../base/time.ts'
import { echo, sendRaw, until, withServer } from './raw-client.ts'

const head = 'POST /x HTTP/1.1\r\nHost: a\r\n'
const brisk = {
  limits: {
    headerTimeoutMs: 200,
    requestTimeoutMs: 1_000,
    bodyGraceMs: 200,
    unreadBodyWaitMs: 200,
  },
}

async function expectStatus(bytes: string, status: number, closed: boolean): Promise<string> {
  let text = ''
  await withServer(echo, async ({ port }) => {
    const answer = await sendRaw(port, [bytes])
    assert.deepEqual(answer.statuses, [status], answer.text)
    assert.equal(answer.closed, closed)
    text = answer.text
  })
  return text
}

test('D07: a head that trickles is cut with 408', async () => {
  await withServer(
    echo,
    async ({ port }) => {
      const parts = Array.from({ length: 100 }, (_, index) => `X-${index}: 1\r\n`)
      const answer = await sendRaw(port, ['GET / HTTP/1.1\r\nHost: a\r\n', ...parts], {
        pauseMs: 20,
      })
      assert.deepEqual(answer.statuses, [408])
      assert.equal(answer.closed, true)
    },
    brisk,
  )
})

test('D07: a connection that says nothing is cut', async () => {
  await withServer(
    echo,
    async ({ port }) => {
      const answer = await sendRaw(port, [], { quietMs: 1_000 })
      assert.equal(answer.closed, true)
    },
    brisk,
  )
})

test('D07: a body below the floor is cut with 408 while others are served', async () => {
  await withServer(
    echo,
    async ({ port }) => {
      const startedMs = monotonicMs()
      const parts = Array.from({ length: 2_000 }, () => 'x')
      const slow = sendRaw(port, [`${head}Content-Length: 2000\r\n\r\n`, ...parts], { pauseMs: 20 })
      const quick = await sendRaw(port, [`${head}Content-Length: 2\r\n\r\nok`])
      assert.deepEqual(quick.statuses, [200])
      const answer = await slow
      assert.deepEqual(answer.statuses, [408])
      assert.match(answer.text, /"code":"request_timeout"/)
      assert.equal(answer.closed, true)
      // Whole, it would take forty seconds.
      assert.ok(monotonicMs() - startedMs < 30_000)
    },
    brisk,
  )
})

test('D07: a slow body above the floor is taken', async () => {
  await withServer(
    echo,
    async ({ port }) => {
      const parts = Array.from({ length: 30 }, () => 'x'.repeat(100))
      const bytes = [`${head}Content-Length: 3000\r\n\r\n`, ...parts]
      const answer = await sendRaw(port, bytes, { pauseMs: 15 })
      assert.deepEqual(answer.statuses, [200])
    },
    brisk,
  )
})

test('D07: a reader below the floor is cut', async () => {
  const body = 'x'.repeat(20_000_000)
  let asked = 0
  const slowReader = { limits: { bodyGraceMs: 100, responseBytesPerSecondMin: 100_000_000 } }
  await withServer(
    () => {
      asked += 1
      return { status: 200, headers: {}, body }
    },
    async ({ port, server }) => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.on('error', () => undefined).pause()
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await until(() => asked === 1)
      await until(() => server.connectionCount === 0)
      assert.deepEqual([asked, server.connectionCount], [1, 0])
      socket.destroy()
    },
    slowReader,
  )
})

test('a handler that never answers is answered for', async () => {
  await withServer(
    () => new Promise(() => undefined),
    async ({ port }) => {
      const answer = await sendRaw(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'], { quietMs: 5_000 })
      assert.equal(answer.statuses[0], 503)
      assert.match(answer.text, /"code":"deadline_exceeded"/)
    },
    { limits: { headerTimeoutMs: 200, requestTimeoutMs: 1_000 } },
  )
})

test('too many headers, too large headers and too long addresses have answers', async () => {
  const lines = (length: number): string =>
    Array.from({ length }, (_, index) => `X-${index}: 1\r\n`).join('')
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n'
  await expectStatus(`${get}${lines(63)}\r\n`, 200, false)
  await expectStatus(`${get}${lines(64)}\r\n`, 431, true)
  await expectStatus(`${get}${lines(3_000)}\r\n`, 431, true)
  await expectStatus(`${get}X: ${'x'.repeat(17_000)}\r\n\r\n`, 431, true)
  await expectStatus(`${get}X: ${'x'.repeat(200_000)}\r\n\r\n`, 431, true)
  await expectStatus(`GET /${'x'.repeat(8_200)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, true)
})

test('a body above the cap is refused before and while it is read', async () => {
  const caps = { limits: { bodyBytesMax: 1_000 } }
  await withServer(
    echo,
    async ({ port }) => {
      const announced = await sendRaw(port, [`${head}Content-Length: 1001\r\n\r\n`])
      assert.deepEqual(announced.statuses, [413])
      const chunk = `100\r\n${'x'.repeat(256)}\r\n`
      const bytes = `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}0\r\n\r\n`
      const chunked = await sendRaw(port, [bytes])
      assert.deepEqual(chunked.statuses, [413])
      const exact = await sendRaw(port, [`${head}Content-Length: 1000\r\n\r\n`, 'x'.repeat(1000)])
      assert.deepEqual(exact.statuses, [200])
    },
    caps,
  )
})

test('the answer to a large body arrives although nobody read the body', async () => {
  await withServer(echo, async ({ port }) => {
    const size = 3_000_000
    const bytes = [`${head}Content-Length: ${size}\r\n\r\n`, 'x'.repeat(size)]
    // A client that reads only after it has sent loses the answer to a reset.
    const answer = await sendRaw(port, bytes, { readAfterMs: 300, quietMs: 1_000 })
    assert.deepEqual(answer.statuses, [413])
    assert.match(answer.text, /"traceId":"[0-9a-f]{32}"}$/)
  })
})

test('100-continue is said only to a body that will be read', async () => {
  await withServer(echo, async ({ port }) => {
    const expect = 'Expect: 100-continue\r\n'
    const taken = await sendRaw(port, [`${head}${expect}Content-Length: 2\r\n\r\n`, 'ok'], {
      pauseMs: 50,
    })
    assert.deepEqual(taken.statuses, [100, 200])
    const refused = await sendRaw(port, [`${head}${expect}Content-Length: 9999999\r\n\r\n`])
    assert.deepEqual(refused.statuses, [413])
  })
})

test('more connections than allowed are told so', async () => {
  await withServer(
    echo,
    async ({ port, server }) => {
      const first = connect({ host: '127.0.0.1', port })
      await until(() => server.connectionCount === 1)
      const second = await sendRaw(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'])
      assert.deepEqual(second.statuses, [503])
      assert.equal(second.closed, true)
      first.destroy()
      await until(() => server.connectionCount === 0)
      const third = await sendRaw(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'])
      assert.deepEqual(third.statuses, [200])
    },
    { limits: { connectionsMax: 1 } },
  )
})

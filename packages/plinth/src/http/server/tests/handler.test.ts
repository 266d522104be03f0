import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Failure } from '../../../base/failure.ts'
import { monotonicMs, sleep } from '../../../base/time.ts'
import type { Handler } from '../../message.ts'
import { echo, sendRaw, until, withServer } from './raw-client.ts'

const get = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'

test('whatever a handler throws is a 500 that says nothing, and a log that says all', async () => {
  const thrown = [new Error('secret'), 'secret', undefined, null, 0, { secret: 1 }]
  for (const cause of thrown) {
    const handlers: Handler[] = [
      () => {
        throw cause
      },
      () => Promise.reject(cause),
    ]
    for (const handler of handlers) {
      await withServer(handler, async ({ port, logs }) => {
        const { statuses, text } = await sendRaw(port, [get, get], { pauseMs: 30 })
        assert.deepEqual(statuses, [500, 500])
        assert.doesNotMatch(text, /secret/)
        const [, traceId] = /"traceId":"([0-9a-f]{32})"/.exec(text) ?? []
        if (cause !== undefined) assert.deepEqual(logs[0]?.cause, cause)
        assert.equal(logs[0]?.traceId, traceId)
      })
    }
  }
})

test('a Failure is answered as its problem, in a fixed order of members', async () => {
  const handler: Handler = () => {
    throw new Failure('rate_limited', { detail: 'Wait.', retryAfterSeconds: 1.2 })
  }
  await withServer(handler, async ({ port, logs }) => {
    const traced = get.replace(
      '\r\n\r\n',
      `\r\ntraceparent: 00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01\r\n\r\n`,
    )
    const { text } = await sendRaw(port, [traced])
    assert.ok(
      text.endsWith(
        '{"type":"/problems/rate_limited","title":"Too many calls","status":429,"detail":"Wait.",' +
          '"instance":"/x","code":"rate_limited","retryable":true,' +
          `"traceId":"${'ab'.repeat(16)}"}`,
      ),
      text,
    )
    assert.match(text, /\r\nretry-after: 2\r\n/)
    assert.equal(logs.length, 0)
  })
})

test('a header that would split the response is a 500', async () => {
  const bad = ['a\r\nx-injected: 1', 'a\nb', 'a\u0000b', '\u2028']
  for (const value of bad) {
    const handler: Handler = () => ({ status: 200, headers: { 'x-value': value }, body: '' })
    await withServer(handler, async ({ port }) => {
      const { statuses, text } = await sendRaw(port, [get])
      assert.deepEqual(statuses, [500])
      assert.doesNotMatch(text, /injected/)
    })
  }
})

test('HEAD is GET without its body, and the connection stays in step', async () => {
  await withServer(echo, async ({ port }) => {
    const { text, statuses } = await sendRaw(port, [get.replace('GET', 'HEAD') + get])
    assert.deepEqual(statuses, [200, 200])
    const [first = '', second = ''] = text.split(/(?=HTTP\/1\.1 200)/)
    assert.match(first, /content-length: 5\r\n/)
    assert.match(first, /x-method: GET/)
    assert.ok(first.endsWith('\r\n\r\n'))
    assert.ok(second.endsWith('/x|x|'))
  })
})

test('verbs that we do not serve are 405 on every road', async () => {
  await withServer(echo, async ({ port }) => {
    for (const verb of ['TRACE', 'PROPFIND', 'PURGE', 'FROBNICATE', 'get']) {
      const { statuses } = await sendRaw(port, [get.replace('GET', verb)])
      assert.deepEqual(statuses, [405], verb)
    }
    const { statuses } = await sendRaw(port, ['CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n'])
    assert.deepEqual(statuses, [405])
    const query = await sendRaw(port, [
      'QUERY /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}',
    ])
    assert.deepEqual(query.statuses, [200])
    assert.match(query.text, /x-method: QUERY/)
  })
})

test('names of prototype members are ordinary headers', async () => {
  const handler: Handler = (request) => ({
    status: 200,
    headers: {},
    body: `${request.header('__proto__')} ${request.header('constructor')} ${request.header('x')}`,
  })
  await withServer(handler, async ({ port }) => {
    const odd = '\r\n__proto__: 1\r\n__proto__: 2\r\nconstructor: 3\r\n\r\n'
    const { statuses } = await sendRaw(port, [get.replace('\r\n\r\n', odd)])
    assert.deepEqual(statuses, [400])
    const once = '\r\n__proto__: 1\r\nconstructor: 3\r\n\r\n'
    const { text } = await sendRaw(port, [get.replace('\r\n\r\n', once)])
    assert.ok(text.endsWith('\r\n\r\n1 3 undefined'))
  })
})

test('a single header is refused where it is read twice; lists are joined', async () => {
  const handler: Handler = (request) => ({
    status: 200,
    headers: {},
    body: `${request.header('accept')} ${request.header('authorization')}`,
  })
  await withServer(handler, async ({ port }) => {
    const twice = '\r\nAuthorization: a\r\nAUTHORIZATION: b\r\n\r\n'
    const refused = await sendRaw(port, [get.replace('\r\n\r\n', twice)])
    assert.deepEqual(refused.statuses, [400])
    assert.match(refused.text, /"code":"malformed_header"/)
    const list = '\r\nAccept: a\r\nAuthorization: c\r\naccept: b\r\n\r\n'
    const { text } = await sendRaw(port, [get.replace('\r\n\r\n', list)])
    assert.ok(text.endsWith('\r\n\r\na, b c'))
  })
})

test('the signal aborts when the client leaves, and not when it was answered', async () => {
  const aborted: boolean[] = []
  const handler: Handler = async (request) => {
    const { signal } = request
    if (request.path === '/slow') await until(() => signal.aborted)
    setTimeout(() => aborted.push(signal.aborted), 20)
    return { status: 200, headers: {}, body: '' }
  }
  await withServer(handler, async ({ port }) => {
    await sendRaw(port, [get])
    await until(() => aborted.length === 1)
    assert.deepEqual(aborted, [false])
    await sendRaw(port, [get.replace('/x', '/slow')], { quietMs: 20 })
    await until(() => aborted.length === 2)
    assert.deepEqual(aborted, [false, true])
  })
})

test('a client that leaves in the middle of its body disturbs nobody', async () => {
  await withServer(echo, async ({ port, server }) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.write('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12')
    await until(() => server.connectionCount === 1)
    socket.resetAndDestroy()
    await until(() => server.connectionCount === 0)
    assert.equal(server.connectionCount, 0)
    const { statuses } = await sendRaw(port, [get])
    assert.deepEqual(statuses, [200])
  })
})

const quickDrain = { limits: { drainIdleMs: 600, drainTimeoutMs: 20_000 } }

test('draining answers on kept connections, says close, and lets idle ones end late', async () => {
  const handler: Handler = async (request) => {
    await sleep(request.path === '/slow' ? 300 : 1)
    return echo(request)
  }
  await withServer(
    handler,
    async ({ port, server }) => {
      const slow = sendRaw(port, [get.replace('/x', '/slow')], { quietMs: 800 })
      const idle = sendRaw(port, [get, get], { pauseMs: 400, quietMs: 400 })
      const quiet = sendRaw(port, [get], { quietMs: 3_000 })
      await sleep(100)
      const startedMs = monotonicMs()
      const drained = server.drain()
      const refused = await sendRaw(port, [get])
      assert.deepEqual(refused.statuses, [])
      for (const [answer, count] of [
        [await slow, 1],
        [await idle, 2],
      ] as const) {
        assert.equal(answer.statuses.length, count)
        assert.match(answer.text, /\r\nconnection: close\r\n/)
        assert.equal(answer.closed, true)
      }
      assert.equal((await quiet).closed, true)
      await drained
      assert.ok(monotonicMs() - startedMs > 600, 'idle connections end late')
      assert.ok(monotonicMs() - startedMs < 18_000, 'and not only by the timeout')
    },
    quickDrain,
  )
})

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { type Post, post } from './post.ts'
import type { OutboundPolicy } from './target.ts'

const none = { has: () => false }
const closed: OutboundPolicy = {
  secureOnly: false,
  ports: undefined,
  classes: new Set(),
  allowed: none,
}
const local: OutboundPolicy = { ...closed, classes: new Set(['loopback'] as const) }
const body = new TextEncoder().encode('{"hello":"world"}')

function send(url: string, policy: OutboundPolicy, more: Partial<Post> = {}) {
  return post({ url, headers: { 'content-type': 'application/json' }, body, ...more }, policy)
}

async function receiver(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

test('a post arrives with its bytes and brings the answer back', async (t) => {
  const seen: unknown[] = []
  const url = await receiver(t, async (request, response) => {
    const { host, 'accept-encoding': encoding } = request.headers
    seen.push([request.method, request.url, host, encoding, await textOf(request)])
    response.writeHead(202, { 'retry-after': '7' }).end('tha\0nks')
  })
  const outcome = await send(`${url}/hook?a=1`, local)
  const { host } = new URL(url)
  assert.deepEqual(seen, [['POST', '/hook?a=1', host, 'identity', '{"hello":"world"}']])
  const { latencyMs, ...rest } = outcome
  assert.ok(latencyMs >= 0)
  assert.deepEqual(rest, {
    ...{ is: 'answered', status: 202, detail: 'Answered 202.' },
    ...{ answer: 'tha\ufffdnks', retryAfter: '7' },
  })
})

test('G03: a redirect to a private address is not followed', async (t) => {
  const followed: string[] = []
  const inner = await receiver(t, (request, response) => {
    followed.push(request.url ?? '')
    response.end()
  })
  const url = await receiver(t, (_, response) => {
    response.writeHead(307, { location: `${inner}/secret` }).end()
  })
  const outcome = await send(url, local)
  assert.equal(outcome.status, 307)
  assert.match(outcome.detail, /not followed/)
  assert.deepEqual(followed, [])
})

test('G05: an address that may not be called gets no byte', async (t) => {
  let connections = 0
  const server = createPlainServer(() => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '[::ffff:7f00:1]']) {
    const outcome = await send(`http://${host}:${port}/`, closed)
    // What a name leads to is not told apart from a name that leads nowhere.
    assert.equal(outcome.is, host === 'localhost' ? 'failed' : 'refused', host)
    assert.doesNotMatch(outcome.detail, /127|::1/)
  }
  assert.equal(connections, 0)
})

test('G04: an answer of gigabytes is cut, and the rest hung up on', async (t) => {
  let written = 0
  const url = await receiver(t, (_, response) => {
    const chunk = Buffer.alloc(65_536, 'x')
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk)) written += chunk.length
    }
    response.on('drain', pour).on('error', () => undefined)
    pour()
  })
  const outcome = await send(url, local)
  assert.equal(outcome.is, 'answered')
  assert.equal(outcome.answer.length, 1_024)
  // What fits the buffers of sockets may have been sent; no more than that.
  assert.ok(written < 16_000_000, `${written} bytes were poured out`)
})

test('G04: slow receivers are given up: silent, trickling, or without an end', async (t) => {
  const silent = await receiver(t, () => undefined)
  const started = performance.now()
  assert.equal((await send(silent, local, { timeoutMs: 300 })).is, 'timed_out')
  assert.ok(performance.now() - started < 20_000)
  const trickle = createPlainServer((socket) => {
    socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\nx: ')
    const timer = setInterval(() => socket.write('a'), 20)
    socket.on('close', () => clearInterval(timer))
  })
  trickle.listen(0, '127.0.0.1')
  await once(trickle, 'listening')
  t.after(() => trickle.close())
  const { port } = trickle.address() as AddressInfo
  const slow = await send(`http://127.0.0.1:${port}/`, local, { timeoutMs: 300 })
  assert.equal(slow.is, 'timed_out')
  const endless = await receiver(t, (_, response) => {
    response.writeHead(200).write('received')
  })
  const answered = await send(endless, local, { timeoutMs: 300 })
  assert.deepEqual([answered.is, answered.status, answered.answer], ['answered', 200, 'received'])
})

async function answering(t: TestContext, text: string): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createPlainServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    socket.once('data', () => socket.end(text))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('a connection that closes after reading, or answers nonsense, is a failure', async (t) => {
  assert.equal((await send(await answering(t, ''), local)).is, 'failed')
  assert.equal((await send(await answering(t, 'SSH-2.0-OpenSSH\r\n'), local)).is, 'failed')
  const long = `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`
  assert.equal((await send(await answering(t, long), local)).is, 'failed')
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'
  assert.equal((await send(await answering(t, upgrade), local)).status, 101)
  assert.equal((await send('http://127.0.0.1:9/', local)).is, 'failed')
})

test('a call that is no longer wanted ends at once', async (t) => {
  const url = await receiver(t, () => undefined)
  const controller = new AbortController()
  const sent = send(url, local, { aborted: controller.signal })
  setTimeout(() => controller.abort(), 50)
  assert.equal((await sent).is, 'failed')
})

/** A name server that answers A questions with the next address of its list. */
async function nameServer(t: TestContext, answers: readonly string[][]) {
  const socket = createSocket('udp4')
  let asked = 0
  socket.on('message', (question, from) => {
    const type = question.readUInt16BE(question.indexOf(0, 12) + 1)
    const found = type === 1 ? (answers[Math.min(asked++, answers.length - 1)] ?? []) : []
    const end = question.indexOf(0, 12) + 5
    const head = Buffer.concat([question.subarray(0, 2), Buffer.from('8180', 'hex')])
    const counts = Buffer.from([0, 1, 0, found.length, 0, 0, 0, 0])
    const records = found.map((address) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
    )
    socket.send(Buffer.concat([head, counts, question.subarray(12, end), ...records]), from.port)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  return { resolve: (name: string) => resolver.resolve4(name), asked: () => asked }
}

test('G02: a name is resolved once, and the call goes to the judged address', async (t) => {
  const hosts: (string | undefined)[] = []
  const url = await receiver(t, (request, response) => {
    hosts.push(request.headers.host)
    response.end()
  })
  const { port } = new URL(url)
  const allowed = { has: (address: string) => address === '127.0.0.1' }
  // The second answer would lead elsewhere: it is never asked for.
  const names = await nameServer(t, [['127.0.0.1'], ['127.0.0.2']])
  const policy = { ...closed, allowed, resolve: names.resolve }
  const outcome = await send(`http://rebind.example:${port}/`, policy)
  assert.equal(outcome.status, 200)
  assert.deepEqual(hosts, [`rebind.example:${port}`])
  assert.equal(names.asked(), 1)
})

test('G02: a name with one forbidden address among others is refused', async (t) => {
  for (const answer of [['93.184.216.34', '10.0.0.1'], ['169.254.169.254'], ['127.0.0.1']]) {
    const { resolve } = await nameServer(t, [answer])
    const outcome = await send('http://mixed.example/', { ...closed, resolve })
    assert.match(outcome.why ?? '', /which is not called/, answer.join())
  }
})

test('whether a name has a private address or none is told to the operator alone', async (t) => {
  const told: unknown[] = []
  const reasons = new Set<string | undefined>()
  for (const answer of [['10.0.0.1'], ['169.254.169.254'], ['8.8.8.8', '192.168.0.1'], []]) {
    const { resolve } = await nameServer(t, [answer])
    const { why, ...shown } = await send('http://inner.example/', { ...closed, resolve })
    told.push(shown)
    reasons.add(why)
  }
  // The same word for word, and in the time that it took.
  for (const shown of told) {
    assert.deepEqual(shown, {
      ...{ is: 'failed', detail: 'Its name leads to no address that may be called.' },
      ...{ status: undefined, answer: '', retryAfter: undefined, latencyMs: 0 },
    })
  }
  assert.equal(reasons.size, 3, [...reasons].join())
})

test('the addresses of a name are tried in their order, until one takes the call', async (t) => {
  let calls = 0
  const url = await receiver(t, (_, response) => {
    calls += 1
    response.end()
  })
  const { port } = new URL(url)
  const resolve = async () => ['127.0.0.3', '127.0.0.2', '127.0.0.1']
  const outcome = await send(`http://many.example:${port}/`, { ...local, resolve })
  assert.deepEqual([outcome.status, calls], [200, 1])
  const dead = async () => ['127.0.0.3', '127.0.0.2']
  const none = await send(`http://many.example:${port}/`, { ...local, resolve: dead })
  assert.equal(none.is, 'failed')
  assert.match(none.detail, /ECONNREFUSED/)
})

test('an address that keeps us waiting leaves time for the next one', async (t) => {
  const silent = createPlainServer((socket) => socket.on('error', () => undefined))
  silent.listen(0, '127.0.0.2')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  let asked = 0
  const working = createPlainServer((socket) => {
    asked += 1
    socket.on('error', () => undefined).end('no TLS here')
  })
  working.listen(port, '127.0.0.1')
  await once(working, 'listening')
  t.after(() => working.close())
  const resolve = async () => ['127.0.0.2', '127.0.0.1']
  // The first takes the connection and never shakes hands.
  const outcome = await send(
    `https://many.example:${port}/`,
    { ...local, resolve },
    { timeoutMs: 2_000 },
  )
  assert.equal(asked, 1)
  assert.equal(outcome.is, 'failed')
})

test('a message that has left for one address is not sent to another', async (t) => {
  const server = createPlainServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.destroy())
  })
  server.listen(0, '127.0.0.2')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  let second = 0
  const other = createPlainServer(() => {
    second += 1
  })
  other.listen(port, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const resolve = async () => ['127.0.0.2', '127.0.0.1']
  const outcome = await send(`http://many.example:${port}/`, { ...local, resolve })
  assert.deepEqual([outcome.is, second], ['failed', 0])
})

test('a certificate that nobody vouches for is a failure', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-outbound-'))
  t.after(() => rm(folder, { recursive: true }))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes']
  const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const files = ['-keyout', keyFile, '-out', certFile]
  await promisify(execFile)('openssl', ['req', '-x509', ...keys, ...files, ...subject])
  const [key, cert] = await Promise.all([readFile(keyFile), readFile(certFile)])
  let requests = 0
  const server = createSecureServer({ key, cert }, (_, response) => {
    requests += 1
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const outcome = await send(`https://localhost:${port}/`, {
    ...local,
    classes: new Set(['loopback']),
  })
  assert.equal(outcome.is, 'failed')
  assert.match(outcome.detail, /SELF_SIGNED/)
  assert.equal(requests, 0)
})

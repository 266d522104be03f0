import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownFailure } from '../call/failure.ts'
import { Line, type SocketLike } from './line.ts'

test('a line whose socket is closing says nothing more through it', async () => {
  const sent: string[] = []
  const socket = {
    readyState: 1,
    send: (text: string) => void sent.push(text),
    close: () => undefined,
    onopen: null,
    onmessage: null,
    onclose: null,
  } satisfies SocketLike
  const line = new Line(socket, () => ownFailure('unreachable'))
  const leaving = new AbortController()
  const conversing = { signal: leaving.signal, hear: () => undefined }
  const ended = line.converse({ type: 'subscribe' }, conversing)
  assert.equal(sent.length, 1)
  // The other side has begun to close it; the browser tells of the end a moment later.
  socket.readyState = 2
  leaving.abort()
  assert.equal((await ended).code, 'cancelled')
  assert.equal(sent.length, 1, 'what a closing socket is given, browsers complain about')
  line.close()
  await line.ended
})

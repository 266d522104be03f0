import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEvents, type StreamEvent } from './events.ts'

async function read(text: string, size: number): Promise<readonly StreamEvent[]> {
  const bytes = new TextEncoder().encode(text)
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) {
        controller.enqueue(bytes.subarray(at, at + size))
      }
      controller.close()
    },
  })
  let pieces = 0
  const events: StreamEvent[] = []
  for await (const event of readEvents(body, () => pieces++)) events.push(event)
  assert.equal(pieces, Math.ceil(bytes.length / size))
  return events
}

test('events come whole, however the network has cut them', async () => {
  const text =
    ':\n\nevent: result\nid: a.1\ndata: {"é": "日本"}\n\n:\n\nevent: resumed\ndata: {}\n\n'
  const events = [
    { name: 'result', id: 'a.1', data: '{"é": "日本"}' },
    { name: 'resumed', id: undefined, data: '{}' },
  ]
  for (const size of [1, 2, 3, 7, 1_000]) assert.deepEqual(await read(text, size), events)
  assert.deepEqual(await read('event: result\ndata: {"cut', 5), [], 'half an event is none')
})

test('who stops reading lets go of the stream', async () => {
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => {
      cancelled = true
    },
  })
  for await (const { data } of readEvents(body, () => undefined)) {
    assert.equal(data, '1')
    break
  }
  assert.equal(cancelled, true)
})

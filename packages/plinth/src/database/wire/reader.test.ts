import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageReader, type Receiver, type Row } from './reader.ts'

function rowOf(text: string): Buffer {
  const cell = Buffer.from(text)
  const head = Buffer.alloc(11)
  head.write('D')
  head.writeInt32BE(10 + cell.length, 1)
  head.writeInt16BE(1, 5)
  head.writeInt32BE(cell.length, 7)
  return Buffer.concat([head, cell])
}

function readerInto(rows: Row[]): MessageReader {
  const nothing = (): void => undefined
  const receiver: Receiver = {
    wants: () => true,
    row: (row) => rows.push(row),
    done: nothing,
    error: nothing,
    prepared: nothing,
    copyIn: nothing,
    notice: nothing,
    notification: nothing,
    ready: nothing,
  }
  return new MessageReader(receiver)
}

test('messages are read alike however they are cut', () => {
  const texts = ['a', '', 'longer than a head', 'é']
  const bytes = Buffer.concat(texts.map(rowOf))
  for (let size = 1; size <= bytes.length; size++) {
    const rows: Row[] = []
    const reader = readerInto(rows)
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
    assert.deepEqual(
      rows,
      texts.map((text) => [text]),
    )
  }
})

test('a long message is copied once, not once for each of its pieces', (context) => {
  const bytes = rowOf('x'.repeat(1_048_576))
  const concat = context.mock.method(Buffer, 'concat')
  const rows: Row[] = []
  const reader = readerInto(rows)
  for (let at = 0; at < bytes.length; at += 1_024) reader.push(bytes.subarray(at, at + 1_024))
  assert.equal(rows[0]?.[0]?.length, 1_048_576)
  const copied = concat.mock.calls.reduce((sum, { result }) => sum + (result?.length ?? 0), 0)
  assert.ok(copied <= 2 * bytes.length, `${copied} bytes were copied for ${bytes.length}`)
})

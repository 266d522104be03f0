import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageReader, type Receiver, type Row } from './reader.ts'

function rowOf(...texts: Row): Buffer {
  const cells = texts.map((text) => {
    const cell = Buffer.from(text ?? '')
    const length = Buffer.alloc(4)
    length.writeInt32BE(text === null ? -1 : cell.length)
    return Buffer.concat([length, cell])
  })
  const body = Buffer.concat(cells)
  const head = Buffer.alloc(7)
  head.write('D')
  head.writeInt32BE(6 + body.length, 1)
  head.writeInt16BE(texts.length, 5)
  return Buffer.concat([head, body])
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
  const bytes = Buffer.concat(texts.map((text) => rowOf(text)))
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

test('each cell is read as it is, whatever stands beside it', () => {
  const cells = [
    '',
    null,
    'plain',
    'é',
    'ß😀',
    'x'.repeat(200),
    `${'é'.repeat(64)}a`,
    '\u0080',
    '7',
  ]
  for (let each = 0; each < 300; each++) {
    const row = Array.from({ length: (each * 5) % 14 }, (_, at) => {
      return cells[(at * 7 + each * 3) % cells.length] ?? null
    })
    const rows: Row[] = []
    // The message before it: places are not those of the buffer.
    readerInto(rows).push(Buffer.concat([rowOf('before'), rowOf(...row)]))
    assert.deepEqual(rows, [['before'], row])
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

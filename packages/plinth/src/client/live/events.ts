/** Owns the reading of server-sent events out of a stream of bytes. */

/** One event. */
export interface StreamEvent {
  readonly name: string
  readonly data: string
  /** The cursor behind it; undefined where it has none. */
  readonly id: string | undefined
}

/**
 * Reads events as they come, until the stream ends. `alive` is told of every piece, also of those
 * that are only signs of life.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  alive: () => void,
): AsyncGenerator<StreamEvent, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      alive()
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = eventIn(block)
        if (event) yield event
      }
    }
  } finally {
    // Whoever reads no more tells the server so.
    void reader.cancel().catch(() => undefined)
  }
}

/** The event of a block of lines; undefined for comments. */
function eventIn(block: string): StreamEvent | undefined {
  let name = 'message'
  let data: string | undefined
  let id: string | undefined
  for (const line of block.split('\n')) {
    const [, field = '', text = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (field === 'event') name = text
    else if (field === 'id') id = text
    else if (field === 'data') data = data === undefined ? text : `${data}\n${text}`
  }
  return data === undefined ? undefined : { name, data, id }
}

/** Owns the asking: one request to the app, and each of its answers as it comes. */

/**
 * Sends a document; `told` gets each result, parsed. Resolves with how it ended: `{ status }`, or
 * `{ stopped: true }` where the signal was.
 */
export async function ask(body, { headers, streamed, signal, told }) {
  const response = await fetch('/api/graphql', {
    method: 'POST',
    signal,
    credentials: 'same-origin',
    headers: {
      'content-type': 'application/json',
      accept: streamed
        ? 'text/event-stream'
        : 'application/graphql-response+json, application/json',
      // With the cookie this says that no form of another site has sent it.
      'x-plinth-request': '1',
      ...headers,
    },
    body: JSON.stringify(body),
  })
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) await readStream(response.body, told)
  else told(await response.json())
  return { status: response.status }
}

/** Reads results out of a stream of events, until it ends. */
async function readStream(stream, told) {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces(stream)) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split('\n\n')
    rest = blocks.pop()
    for (const block of blocks) {
      const lines = block.split('\n')
      const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5))
      if (lines.includes('event: complete')) return
      if (data.length > 0) told(JSON.parse(data.join('\n')))
    }
  }
}

async function* pieces(stream) {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

/** Who the app takes this browser for; undefined: a guest. */
export async function whoAmI(headers) {
  const response = await fetch('/api/identity/me', { credentials: 'same-origin', headers })
  if (!response.ok) return undefined
  const { user } = await response.json()
  return user ?? undefined
}

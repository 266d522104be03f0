/** Owns the file in which somebody takes their own rows along. */

import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { instantText } from '../../../base/time.ts'
import type { HttpResponse, StreamSink } from '../../../http/message.ts'
import type { Visit } from '../../visit.ts'
import { demandSignedIn, formPage } from '../form-page.ts'

/** A button that answers with the file. */
export const download = formPage({
  name: 'download',
  path: '/account/download',
  enter: demandSignedIn,
  view: (common) => ({ ...common, links: { account: '/account' } }),
  send: (visit) => fileOf(visit),
})

interface Part {
  readonly records: Readonly<Record<string, readonly unknown[]>>
  readonly leftOut: readonly { readonly model: string }[]
  readonly next: string | null
}

type Ask = (after: string | null) => Promise<Part>

/**
 * Asked for part by part, and sent as it comes: no transaction is longer, and nothing more is held,
 * than one part. What the first part fails with is told on the page; whatever fails later cuts the
 * file off, so that nobody takes half of it for all.
 */
async function fileOf(visit: Visit): Promise<HttpResponse> {
  const { site, request } = visit
  const { title, clock } = site
  const ask: Ask = async (after) => {
    // Each part has the time of a call of its own.
    const deadlineMs = clock.now() + limits.requestTimeoutMs
    return (await visit.ask('identity.exportAccount', { input: { after }, deadlineMs })) as Part
  }
  const first = await ask(null)
  const head = { app: title, madeAt: instantText(clock.now()) }
  return {
    status: 200,
    headers: {
      ...visit.headers(),
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': 'attachment; filename="your-data.json"',
    },
    body: null,
    stream(sink) {
      send(sink, { head, first, ask }).catch((cause: unknown) => {
        const message = 'A download of somebody’s own data was cut off.'
        site.log({ level: 'warning', message, traceId: request.trace.traceId, cause })
        sink.destroy()
      })
    },
  }
}

interface Sending {
  readonly head: object
  readonly first: Part
  readonly ask: Ask
}

const line = new TextEncoder()

/** Writes part after part, as fast as the client reads. */
async function send(sink: StreamSink, { head, first, ask }: Sending): Promise<void> {
  const reader = readerOf(sink)
  const write = (text: string): void => sink.write(line.encode(text))
  write(`${JSON.stringify(head).slice(0, -1)},"records":{`)
  const leftOut: unknown[] = []
  let model: string | undefined
  for (let part = first; ; ) {
    for (const [name, rows] of Object.entries(part.records)) {
      // The rows of one model may go on in the next part.
      if (name !== model) write(`${model === undefined ? '' : '\n],'}\n${JSON.stringify(name)}:[\n`)
      const texts = rows.map((row) => JSON.stringify(row)).join(',\n')
      write(name === model ? `,\n${texts}` : texts)
      model = name
    }
    leftOut.push(...part.leftOut)
    if (part.next === null) break
    if (!(await reader.ready())) return
    part = await ask(part.next)
  }
  write(`${model === undefined ? '' : '\n]'}},"leftOut":${JSON.stringify(leftOut)}}\n`)
  sink.end()
}

function stalled(): Failure {
  return new Failure('request_timeout', { detail: 'The file was read too slowly.' })
}

// As much as a connection takes before it says that it is full: from there on it tells of the end.
const queuedBytesMax = 65_536

/** The next part is asked for once the client has taken most of the one before. */
function readerOf(sink: StreamSink): { readonly ready: () => Promise<boolean> } {
  let gone = false
  let wake: (() => void) | undefined
  const woken = (): void => {
    wake?.()
    wake = undefined
  }
  sink.onDrain(woken)
  sink.onClose(() => {
    gone = true
    woken()
  })
  // Where the server stops, it is cut off rather than waited for.
  sink.onStop(() => sink.destroy())
  return {
    async ready() {
      while (!gone && sink.queuedBytes >= queuedBytesMax) {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        wake = resolve
        // Nobody keeps a connection by not reading.
        const timer = setTimeout(() => reject(stalled()), limits.requestTimeoutMs)
        await promise.finally(() => clearTimeout(timer))
      }
      return !gone
    },
  }
}

/** Owns what an editor's completions cost in a client's use of an app with many models. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Figure, median } from '../table.ts'
import { processorTimeOf } from '../tree.ts'
import { root, type Scratch } from '../world.ts'
import { writeClientApp } from './type-check.ts'

const goalMs = 200
const rounds = 3

/** What is typed, and what must be offered there. `¦` is where the cursor stands. */
const places: readonly (readonly [name: string, typed: string, offered: string])[] = [
  ['models', 'client.data.¦', 'm7x3'],
  ['methods of a model', 'client.data.m7x3.¦', 'find'],
  ['fields of a filter', 'client.data.m7x3.find({ filter: { ¦ } })', 'stock'],
  ['names of fields', "client.data.m7x3.find({ fields: ['¦'] })", 'price'],
  ['relations', 'client.data.m7x3.find({ include: { ¦ } })', 'outside'],
  ['fields of an input', "client.data.m7x3.update('', { ¦ })", 'weight'],
  ['actions', 'client.actions.kit4.¦', 'act'],
  ['members of an answer', 'r5.ok && r5.value.data[0]?.¦', 'price'],
]

/**
 * Measures from a keystroke to the list of completions, as an editor asks for them: each time
 * the file has just changed, so that nothing of it is known any more.
 */
export async function measureCompletion(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const folder = join(scratch.path, 'completion')
  await writeClientApp(folder)
  const file = join(folder, 'app.ts')
  const text = `${await readFile(file, 'utf8')}`.replace(
    '  return total\n}',
    '  §\n  return total\n}',
  )
  const editor = new Editor(folder)
  try {
    const all: number[] = []
    const processor: number[] = []
    const first = await editor.open(file, text)
    tell(`completion: the first answer after opening ${first.toFixed(0)} ms`)
    for (const [name, typed, offered] of places) {
      const times: number[] = []
      const before = await editor.processorMs()
      for (let round = 0; round < rounds; round++) {
        const { ms, labels } = await editor.type(typed, round)
        if (!labels.includes(offered))
          throw new Error(
            `${name}: ${offered} is not offered, but ${labels.slice(0, 9).join(', ')}.`,
          )
        times.push(ms)
      }
      const used = ((await editor.processorMs()) - before) / rounds
      const each = times.map((ms) => ms.toFixed(0)).join(' ')
      tell(`completion: ${name}: ${each} ms, ${used.toFixed(0)} ms of processor time each`)
      all.push(...times)
      processor.push(used)
    }
    const [middle, worst] = [median(all), Math.max(...all)]
    return [
      figure('completion in the editor, 200 models, p50', middle),
      figure('its worst', worst),
      figure('its processor time', median(processor)),
    ]
  } finally {
    editor.close()
  }
}

function figure(name: string, ms: number): Figure {
  return { name, value: `${ms.toFixed(0)} ms`, goal: `≤ ${goalMs} ms`, reached: ms <= goalMs }
}

interface Answered {
  readonly id?: number | string
  readonly method?: string
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** An editor over the language server of the compiler (LSP over its streams). */
class Editor {
  readonly #server: ChildProcess
  readonly #waiting = new Map<number, (answer: Answered) => void>()
  #bytes = Buffer.alloc(0)
  #asked = 0
  #version = 1
  #uri = ''
  #text = ''

  constructor(folder: string) {
    const compiler = join(root, 'node_modules', '.bin', 'tsc')
    this.#server = spawn(compiler, ['--lsp', '--stdio'], {
      ...{ cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] },
    })
    this.#server.stdout?.on('data', (piece: Buffer) => this.#read(piece))
  }

  /** Opens a file; `§` in its text is the line that is typed on. Returns how long that takes. */
  async open(file: string, text: string): Promise<number> {
    const rootUri = pathToFileURL(join(file, '..')).href
    await this.#ask('initialize', { processId: null, rootUri, capabilities: {} })
    this.#tell('initialized', {})
    this.#uri = pathToFileURL(file).href
    this.#text = text
    const whole = text.replace('§', '')
    await writeFile(file, whole)
    const opened = { uri: this.#uri, languageId: 'typescript', version: 1, text: whole }
    this.#tell('textDocument/didOpen', { textDocument: opened })
    const { ms } = await this.type('client.data.¦', 0)
    return ms
  }

  /** Types a line and asks what fits. */
  async type(
    typed: string,
    round: number,
  ): Promise<{ readonly ms: number; readonly labels: readonly string[] }> {
    const before = this.#text.slice(0, this.#text.indexOf('§'))
    // Another text each time, before the cursor: as if somebody had gone on elsewhere.
    const line = `void ${round}; ${typed}`
    const text = this.#text.replace('§', line.replace('¦', ''))
    const position = {
      line: before.split('\n').length - 1,
      character: (before.split('\n').at(-1) ?? '').length + line.indexOf('¦'),
    }
    const document = { uri: this.#uri, version: ++this.#version }
    const startMs = performance.now()
    this.#tell('textDocument/didChange', { textDocument: document, contentChanges: [{ text }] })
    const { result } = await this.#ask('textDocument/completion', {
      textDocument: { uri: this.#uri },
      position,
    })
    const ms = performance.now() - startMs
    const list = result as { items?: readonly { label: string }[] } | null
    return { ms, labels: (list?.items ?? []).map(({ label }) => label.replace(/\?$/, '')) }
  }

  /** Milliseconds of processor time that the server has used. */
  async processorMs(): Promise<number> {
    const used = await processorTimeOf(this.#server.pid ?? 0)
    return [...used.values()].reduce((sum, ms) => sum + ms, 0)
  }

  close(): void {
    this.#server.kill()
  }

  #tell(method: string, params: object): void {
    this.#send({ jsonrpc: '2.0', method, params })
  }

  #ask(method: string, params: object): Promise<Answered> {
    const id = ++this.#asked
    this.#send({ jsonrpc: '2.0', id, method, params })
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        if (answer.error) reject(new Error(answer.error.message))
        else resolve(answer)
      })
    })
  }

  #send(message: object): void {
    const body = JSON.stringify(message)
    this.#server.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  #read(piece: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, piece])
    for (;;) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(
        /Content-Length: (\d+)/i.exec(this.#bytes.toString('utf8', 0, end))?.[1],
      )
      if (this.#bytes.length < end + 4 + length) return
      const body = this.#bytes.toString('utf8', end + 4, end + 4 + length)
      this.#bytes = this.#bytes.subarray(end + 4 + length)
      this.#hear(JSON.parse(body) as Answered)
    }
  }

  #hear(message: Answered): void {
    const { id, method } = message
    // What the server asks of an editor, such as its settings, is answered with nothing.
    if (method !== undefined) {
      if (id !== undefined) this.#send({ jsonrpc: '2.0', id, result: null })
      return
    }
    this.#waiting.get(Number(id))?.(message)
    this.#waiting.delete(Number(id))
  }
}

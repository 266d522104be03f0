/** Owns an editor as the compiler's language server knows it: what is typed, what is offered. */

import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { processorTimeOf } from '../tree.ts'
import { root } from '../world.ts'

interface Answered {
  readonly id?: number | string
  readonly method?: string
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** An editor over the language server of the compiler (LSP over its streams). */
export class Editor {
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

  /** Begins to work on a folder. */
  async begin(folder: string): Promise<void> {
    const rootUri = pathToFileURL(folder).href
    await this.#ask('initialize', { processId: null, rootUri, capabilities: {} })
    this.#tell('initialized', {})
  }

  /** Opens a file; `§` in its text is the line that is typed on. */
  async open(file: string, text: string): Promise<void> {
    this.#uri = pathToFileURL(file).href
    this.#text = text
    const whole = text.replace('§', '')
    await writeFile(file, whole)
    const opened = { uri: this.#uri, languageId: 'typescript', version: 1, text: whole }
    this.#tell('textDocument/didOpen', { textDocument: opened })
  }

  /** Types a line and asks what fits. */
  async type(
    typed: string,
    round: number,
  ): Promise<{ readonly ms: number; readonly labels: readonly string[] }> {
    const before = this.#text.slice(0, this.#text.indexOf('§'))
    // Another text each time, before the cursor: as if somebody had gone on elsewhere.
    const line = `/* ${round} */ ${typed}`
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

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const sources = join(import.meta.dirname, '..')

// A call to an address that somebody else chose goes through `post`, or it is not made. Adapters of
// payment providers call the one address that their operator configured; `plinth dev` asks its own
// server where its mailbox is; and `client/` is no part of a server at all: it runs with those who
// call one, and calls the address that they gave it.
const mayCall = /^(?:outbound\/|payments\/|client\/|cli\/commands\/serve\.ts$)/
const calls = [
  /\bfetch\(/,
  /import\s*\{[^}]*\brequest\b[^}]*\}\s*from 'node:https?'/,
  /import\s*\{[^}]*\bget\b[^}]*\}\s*from 'node:https?'/,
  /import\s+(?:\*\s+as\s+)?\w+\s+from 'node:https?'/,
  // The same without an import: the whole, or the names that call.
  /(?<!\}\s*=\s*process\.)getBuiltinModule\('node:https?'\)/,
  /\{[^}]*\b(?:request|get)\b[^}]*\}\s*=\s*process\.getBuiltinModule\('node:https?'\)/,
  /from '(?:undici|axios|got|node-fetch)'/,
  /new WebSocket\(/,
]

async function callers(): Promise<readonly string[]> {
  const names = await readdir(sources, { recursive: true })
  const code = names.filter((name) => /(?<!\.test)\.ts$/.test(name) && !name.includes('proof'))
  const found = await Promise.all(
    code.map(async (name) => {
      // Examples in doc comments call nobody.
      const text = (await readFile(join(sources, name), 'utf8')).replace(/\/\*\*.*?\*\//gs, '')
      return calls.some((form) => form.test(text)) ? [name] : []
    }),
  )
  return found.flat()
}

test('G05: one client calls addresses that others chose', async () => {
  const found = await callers()
  assert.ok(found.includes('outbound/exchange.ts'), 'the client itself is seen')
  assert.deepEqual(
    found.filter((name) => !mayCall.test(name)),
    [],
  )
})

/** Proves that each type of token has a prefix of its own, and each sealing a label of its own. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deriveKey } from '../../../packages/plinth/src/app/config/secret.ts'
import { tokens } from '../../../packages/plinth/src/app/people/sessions.ts'
import { prefixes } from '../../../packages/plinth/src/identity/tokens.ts'
import { root } from '../../tidy/tree.ts'

const sources = join(root, 'packages/plinth/src')

/** Where a key is derived, and by which label: the text of the second argument. */
function labels(): readonly string[] {
  const exclude = (path: string): boolean => path.includes('node_modules')
  return globSync('**/*.ts', { cwd: sources, exclude })
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => {
      const text = readFileSync(join(sources, path), 'utf8')
      const calls = [...text.matchAll(/(?<!function )\bderiveKey\(([\w.]+), ([^)]*)\)/g)]
      return calls.map(([, key, label = '']) => {
        const named = /^\w+$/.test(label)
          ? new RegExp(`const ${label} = ('[^']+')`).exec(text)?.[1]
          : label
        return `${key === 'token' ? 'a token' : 'the secret'}: ${named}`
      })
    })
    .sort()
}

test('C21: every use of the secret has a label of its own, and no other', () => {
  assert.deepEqual(labels(), [
    "a token: 'oauth-refresh-reply'",
    "the secret: 'cursors'",
    "the secret: 'installation'",
    "the secret: 'oauth-keys'",
    "the secret: 'outside-sign-in'",
    "the secret: 'second-factors'",
    "the secret: 'webhook-secrets'",
    // A label for each key, which its row holds.
    ['the secret: `service-key $', '{derivation}`'].join(''),
  ])
  const secret = 'x'.repeat(40)
  const made = ['cursors', 'oauth-keys', 'service-key 1', 'service-key 2'].map((label) =>
    Buffer.from(deriveKey(secret, label)).toString('hex'),
  )
  assert.equal(new Set(made).size, made.length)
})

test('C21: every type of token has a prefix of its own, which its hash holds', () => {
  const all = Object.values(prefixes)
  assert.equal(new Set(all).size, all.length)
  for (const prefix of all) {
    assert.match(prefix, /^pl[a-z]_$/)
    const { token, hash } = tokens.make(prefix)
    // The same secret behind another prefix is another thing: no table finds it by its hash.
    const others = all.filter((one) => one !== prefix).map((one) => token.replace(prefix, one))
    assert.ok(others.every((other) => tokens.hash(other) !== hash))
    assert.equal(tokens.hash(token), hash)
  }
})

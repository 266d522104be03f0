/**
 * Holds the list of a provider's controls to the sources. With `--armed` each is taken away, and
 * its proof has to miss it: some minutes, for whoever changes a control or a proof.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../tidy/tree.ts'
import { providerControls } from './provider.ts'

if (process.argv.includes('--armed')) {
  // It starts a server: not for the list alone.
  const { prove } = await import('../../armed/armed.ts')
  prove({ controls: providerControls, proofs: [] })
}

test('each control of a provider stands where its list says, and has its proof', () => {
  const names = providerControls.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.length > 50, `${names.length} controls`)
  for (const { name, edits, proof } of providerControls) {
    for (const { file, from, to } of edits) {
      const text = readFileSync(join(root, 'packages/plinth/src', file), 'utf8')
      assert.equal(text.split(from).length, 2, `${name}: ${file} holds this once: ${from}`)
      assert.notEqual(from, to)
    }
    const [option = ''] = proof.options
    const pattern = new RegExp(option.replace('--test-name-pattern=', ''))
    const tests = readFileSync(join(root, proof.file), 'utf8').matchAll(/\btest\('([^']+)'/g)
    assert.ok(
      [...tests].some(([, title = '']) => pattern.test(title)),
      `${name}: ${proof.file} has a test ${String(pattern)}`,
    )
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentEntries, renderSurface, runtimeNames, surfaceFile } from './tidy/lists/surface.ts'
import { readText } from './tidy/tree.ts'

test('the public names are those that were agreed', () => {
  const agreed = readText(surfaceFile).text.split('\n')
  const present = renderSurface().split('\n')
  const gone = agreed.filter((line) => !present.includes(line))
  const come = present.filter((line) => !agreed.includes(line))
  const told = [...gone.map((line) => `- ${line}`), ...come.map((line) => `+ ${line}`)]
  const cure = 'if that is meant, run node scripts/surface.ts and tell it in CHANGELOG.md'
  assert.ok(told.length === 0, `the public surface changed; ${cure}\n${told.join('\n')}`)
})

for (const entry of presentEntries().keys()) {
  test(`${entry} exports at run time what the list says`, async () => {
    const names = Object.keys((await import(entry)) as object).sort()
    assert.deepEqual(names, runtimeNames(entry).sort())
  })
}

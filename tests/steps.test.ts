import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedSteps, stepLines, stepsFile } from './tidy/lists/steps.ts'
import { readText } from './tidy/tree.ts'

test('a step that a database may have run keeps every letter of its text', () => {
  const listed = readText(stepsFile).text.split('\n')
  const present = stepLines()
  const cure = 'restore the text and add a step after it: databases that ran it would not start'
  assert.deepEqual(changedSteps(listed, present), [], cure)
  const come = present.filter((line) => !listed.includes(line))
  assert.deepEqual(come, [], 'new steps: run node scripts/steps.ts')
})

test('a changed step and a lost one are found', () => {
  const [first = '', ...others] = stepLines()
  const [id] = first.split(' ')
  assert.deepEqual(changedSteps([first, ...others], [`${id} other`, ...others]), [id])
  assert.deepEqual(changedSteps([first, ...others], others), [id])
  assert.deepEqual(changedSteps(others, [first, ...others]), [])
})

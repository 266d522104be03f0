import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { findAppFile } from './find-app.ts'
import { loadApp } from './load-app.ts'

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plinth-load-'))
})
after(() => rm(folder, { recursive: true }))

async function refusal(name: string, text: string): Promise<Failure> {
  const file = join(folder, name)
  await writeFile(file, text)
  const error = await loadApp(file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof Failure, String(error))
  assert.equal(error.code, 'declaration_invalid')
  return error
}

test('the app is found under its usual names, and in a named folder', async () => {
  const inner = join(folder, 'inner')
  await mkdir(inner)
  await writeFile(join(inner, 'plinth.app.ts'), '')
  assert.equal(await findAppFile(undefined, inner), join(inner, 'plinth.app.ts'))
  assert.equal(await findAppFile('inner', folder), join(inner, 'plinth.app.ts'))
  await writeFile(join(inner, 'app.ts'), '')
  assert.equal(await findAppFile(undefined, inner), join(inner, 'app.ts'))
  await assert.rejects(findAppFile('none.ts', inner), { code: 'usage' })
  await mkdir(join(folder, 'empty'))
  await assert.rejects(findAppFile(undefined, join(folder, 'empty')), /plinth new/)
})

test('a module without an app is told what to export', async () => {
  assert.match((await refusal('none.ts', 'export const a = 1')).detail, /has no default export/)
  const wrong = await refusal('wrong.ts', 'export default { kits: [] }')
  assert.match(wrong.detail, /what is no app.*export default app\(/)
})

test('a syntax error is told with its file, line and text', async () => {
  const { detail } = await refusal('syntax.ts', 'const a = 1\nconst b = = 2\n')
  assert.match(detail, /syntax\.ts:2: /)
  assert.match(detail, /2 \| const b = = 2/)
})

test('TypeScript that has to be compiled is told apart', async () => {
  const { detail } = await refusal('enum.ts', 'const a = 1\nexport enum Colour { red }\n')
  assert.match(detail, /enum\.ts/)
  assert.match(detail, /unions in place of enums/)
})

test('a missing import and a throwing module name the place', async () => {
  const missing = await refusal('missing.ts', "import { a } from './nowhere.ts'\nexport { a }\n")
  assert.match(missing.detail, /nowhere\.ts/)
  assert.match(missing.detail, /Imports end in \.ts/)
  const throwing = await refusal('throwing.ts', 'const a = undefined\nexport default a.b\n')
  assert.match(throwing.detail, /throwing\.ts:2: TypeError/)
})

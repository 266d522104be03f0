import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const require = createRequire(import.meta.url)
const timeout = 120_000

const examplesIn = async (guide: string): Promise<readonly string[]> => {
  const text = await readFile(join(root, 'docs/guides', guide), 'utf8')
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, block = '']) => block)
}

test('the examples of the guides to the client type-check', { timeout }, async (context) => {
  const blocks = [...(await examplesIn('client.md')), ...(await examplesIn('channels.md'))]
  assert.ok(blocks.length >= 9, `${blocks.length} examples`)
  // Inside the repository, so that what they import is found; ignored by git.
  const folder = join(root, '.plinth', `guide-${process.pid}`)
  await mkdir(folder, { recursive: true })
  context.after(() => rm(folder, { recursive: true, force: true }))
  for (const [index, text] of blocks.entries()) {
    const name = /^\/\/ (\w+\.ts)\n/.exec(text)?.[1] ?? `example${index}.ts`
    await writeFile(join(folder, name), text)
  }
  const project = { extends: '../../tsconfig.json', include: ['*.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))
  const compiler = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
  const printed = await run(process.execPath, [compiler, '-p', folder]).then(
    () => '',
    (error: { readonly stdout: string }) => error.stdout,
  )
  assert.equal(printed, '')
})

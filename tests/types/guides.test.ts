import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..', '..')
const require = createRequire(import.meta.url)
const timeout = 120_000

/** Guides whose examples stand by themselves, with how many of theirs are whole at least. */
const guides = { actions: 3, mail: 1, payments: 2, webhooks: 2, workflows: 1 } as const

/** The examples of a guide that leave nothing out. */
async function wholeExamples(guide: string): Promise<readonly string[]> {
  const text = await readFile(join(root, 'docs', 'guides', `${guide}.md`), 'utf8')
  const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, block = '']) => block)
  return blocks.filter((block) => block.startsWith('import ') && !block.includes('…'))
}

test('the whole examples of the guides to what follows a commit type-check', {
  timeout,
}, async (context) => {
  // Inside the repository, so that what they import is found; ignored by git.
  const folder = join(root, '.plinth', `guides-${process.pid}`)
  context.after(() => rm(folder, { recursive: true, force: true }))
  for (const [guide, least] of Object.entries(guides)) {
    const blocks = await wholeExamples(guide)
    assert.ok(blocks.length >= least, `${guide}: ${blocks.length} examples`)
    await mkdir(join(folder, guide), { recursive: true })
    for (const [index, text] of blocks.entries()) {
      const name = text.includes('export default app(') ? 'app.ts' : `example${index}.ts`
      await writeFile(join(folder, guide, name), text)
    }
  }
  const project = { extends: '../../tsconfig.json', include: ['**/*.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))
  const compiler = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
  const printed = await promisify(execFile)(process.execPath, [compiler, '-p', folder]).then(
    () => '',
    (error: { readonly stdout: string }) => error.stdout,
  )
  assert.equal(printed, '')
})

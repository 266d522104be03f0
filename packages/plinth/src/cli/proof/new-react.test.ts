import assert from 'node:assert/strict'
import { cp, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { chromium } from 'playwright-core'
import { look, skip } from '../../../../../tests/pages/chromium.ts'
import { type AppFolder, appFolder } from './process.ts'

const modules = join(import.meta.dirname, '../../../../../node_modules')
const linked = ['@types', 'rolldown', '@rolldown', '@oxc-project', 'typescript', '@typescript']
const copied = ['react', 'react-dom', 'scheduler']

/**
 * As `npm install` would, with what is installed here: a React of the app's own, beside that which
 * a linked Plinth finds at its own place.
 */
async function install(folder: AppFolder): Promise<void> {
  const place = join(folder.path, 'node_modules')
  for (const name of linked) await symlink(join(modules, name), join(place, name))
  for (const name of copied) await cp(join(modules, name), join(place, name), { recursive: true })
}

test('new --react makes an app with a front end that compiles, builds and works', {
  skip,
  timeout: 240_000,
}, async (t) => {
  const folder = await appFolder(t, '')
  await rm(join(folder.path, 'app.ts'))
  const made = await folder.run(['new', 'My-Tasks', '--react'])
  assert.equal(made.code, 0, made.told)
  await install(folder)
  const home = join(folder.path, 'My-Tasks')
  const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as {
    readonly scripts: Record<string, string>
    readonly dependencies: Record<string, string>
  }
  assert.equal(manifest.scripts.dev, 'node web/build.ts --dev')
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    assert.match(version, /^(?:file:|\d+\.\d+\.\d+$)/, `${name} is exact`)
  }
  const compiler = join(modules, 'typescript/bin/tsc')
  for (const project of ['My-Tasks', 'My-Tasks/web']) {
    assert.equal((await folder.runNode([compiler, '-p', project])).data, '', project)
  }
  const typed = await folder.run(['types', 'My-Tasks/app.ts'])
  assert.equal(typed.code, 0, typed.told)
  const { data } = await folder.runNode([compiler, '-p', 'My-Tasks/web', '--listFiles'])
  assert.match(data, /My-Tasks\/\.plinth\/types\/app\.d\.ts/)
  assert.doesNotMatch(data, /error TS|My-Tasks\/app\.ts/)
  const wrong = await folder.runNode(['My-Tasks/web/build.ts'])
  assert.equal(wrong.code, 0, wrong.told)
  const served = await folder.serve(['start', 'My-Tasks/app.ts'])
  const keys = join(home, '.plinth/keys/first-start.txt')
  const password = /password: (\S+)/.exec(await readFile(keys, 'utf8'))?.[1] ?? ''
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 400, height: 800 } })
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto(served.base.replace('127.0.0.1', 'localhost'))
  await look(page, 'new-sign-in')
  await page.getByLabel('E-mail address').fill('ann@example.com')
  await page.getByLabel('Password').fill('not the right one')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').getByText('is not right').waitFor()
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('Read app.ts').waitFor()
  await look(page, 'new-tasks')
  await page.getByRole('button', { name: 'Done: Read app.ts' }).click()
  // The handler of its event makes the next one: it comes by itself.
  await page.getByText('Complete this one').waitFor()
  await page.getByLabel('A new task').fill('Water the plants')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('button', { name: 'Done: Water the plants' }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  assert.deepEqual(errors, [])
})

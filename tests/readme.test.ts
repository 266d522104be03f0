import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type TestApp, type TestUser, testApp } from '../packages/plinth/src/testing.ts'

// A claim in the README is tested here, or it does not stand there.
const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? assert.fail('the README has an example')
// Inside the repository, so that `plinth` is found; ignored by git.
const folder = join(root, '.plinth', `readme-${process.pid}`)

before(() => mkdir(folder, { recursive: true }))
after(() => rm(folder, { recursive: true, force: true }))

/** What the compiler says of a text, as errors. */
async function compile(name: string, text: string): Promise<string> {
  await writeFile(join(folder, `${name}.ts`), text)
  const tsconfig = join(folder, `${name}.json`)
  const options = { extends: '../../tsconfig.json', include: [`${name}.ts`] }
  await writeFile(tsconfig, JSON.stringify(options))
  const require = createRequire(import.meta.url)
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
  return run(process.execPath, [tsc, '-p', tsconfig]).then(
    () => '',
    (error: { readonly stdout: string }) => error.stdout,
  )
}

test('the example type-checks, and its mistakes do not', { timeout: 300_000 }, async () => {
  assert.equal(await compile('app', example), '')
  const mistakes: readonly (readonly [string, string])[] = [
    ['row.published.or(', 'row.publishd.or('],
    ['boolean({ default: false })', "boolean({ default: 'no' })"],
    ['row.userId.eq(me.id)', 'row.userId.eq(5)'],
    ["{ from: 'stock' }", "{ from: 'name' }"],
    ["fail('sold_out')", "fail('soldout')"],
    ['{ product: product.name }', '{ produkt: product.name }'],
  ]
  for (const [right, wrong] of mistakes) {
    const text = example.replace(right, wrong)
    assert.notEqual(text, example, right)
    assert.match(await compile('wrong', text), /error TS\d+/, wrong)
  }
})

test('the example runs, and shows what it says it shows', { timeout: 300_000 }, async () => {
  const path = join(folder, 'app.ts')
  await writeFile(path, example)
  const shop: TestApp<Models> = await testApp((await import(path)).default)
  try {
    await tryOut(shop)
  } finally {
    await shop.close()
  }
})

type Models = Readonly<Record<never, never>>

async function tryOut(shop: TestApp<Models>): Promise<void> {
  const staff = await shop.user({ roles: ['staff'] })
  const [alice, bob] = [await shop.user(), await shop.user()]
  const make = async (sku: string, published: boolean) => {
    const body = { sku, name: sku, price: 250, costPrice: 100, published }
    const answer = await shop.request('POST', '/api/products', { as: staff, body })
    assert.equal(answer.status, 201, answer.text)
    return (answer.json() as { readonly id: string }).id
  }
  const lamp = await make('lamp', true)
  const draft = await make('draft', false)
  const guest = await shop.request('GET', '/api/products')
  const seen = (guest.json() as { readonly data: readonly object[] }).data
  assert.deepEqual(
    seen.map((each) => (each as { sku: string }).sku),
    ['lamp'],
  )
  assert.ok(!guest.text.includes('costPrice'), 'no guest sees what it cost')
  const staffs = await shop.request('GET', '/api/products?sort=sku', { as: staff })
  assert.match(staffs.text, /"draft".*"costPrice":\{"amount":100/)
  // A field that may not be read is answered exactly like one that does not exist.
  const hidden = await shop.request('GET', '/api/products?filter[costPrice]=100')
  const absent = await shop.request('GET', '/api/products?filter[costPrixe]=100')
  assert.equal(hidden.status, 422)
  const plain = (text: string) =>
    text.replaceAll('costPrixe', 'costPrice').replace(/"traceId".*/, '')
  assert.equal(plain(hidden.text), plain(absent.text))
  const wish = (productId: string, userId: string) =>
    shop.request('POST', '/api/wishes', { as: alice, body: { userId, productId } })
  const made = await wish(lamp, alice.id)
  assert.equal(made.status, 201, made.text)
  assert.equal((await wish(draft, alice.id)).status, 403, 'nobody wishes what is not published')
  assert.equal((await wish(lamp, bob.id)).status, 403, 'nobody wishes for another')
  const { id } = made.json() as { readonly id: string }
  const path = `/api/wishes/${id}`
  assert.equal((await shop.request('GET', path, { as: alice })).status, 200)
  assert.equal((await shop.request('GET', path, { as: bob })).status, 404)
  assert.match((await shop.request('GET', '/api/wishes', { as: bob })).text, /"data":\[\]/)
  await buyTheLast(shop, { lamp, staff })
}

interface Last {
  readonly lamp: string
  readonly staff: TestUser
}

async function buyTheLast(shop: TestApp<Models>, { lamp, staff }: Last): Promise<void> {
  await shop.request('PATCH', `/api/products/${lamp}`, { as: staff, body: { stock: 1 } })
  const buyers = await Promise.all(Array.from({ length: 8 }, () => shop.user()))
  const body = { product: lamp }
  const answers = await Promise.all(
    buyers.map((as) => shop.request('POST', '/api/sales/buy', { as, body })),
  )
  const got = answers.filter(({ status }) => status === 204)
  const refused = answers.filter(({ text }) => text.includes('"sold_out"'))
  assert.deepEqual([got.length, refused.length], [1, 7])
  await shop.drain()
  const mails = await shop.mails()
  assert.deepEqual(
    mails.map(({ subject }) => subject),
    ['Your lamp'],
  )
}

test('every command of the README exists', { timeout: 300_000 }, async () => {
  const program = join(root, 'packages/plinth/bin/plinth.js')
  const ask = async (words: readonly string[]) =>
    (await run(process.execPath, ['--conditions=source', program, ...words, '--help'])).stdout
  const commands = [...readme.matchAll(/`(?:npx )?plinth ([^`]+)`/g)].map(([, rest = '']) => rest)
  assert.ok(commands.length >= 10, 'the table was found')
  const names = new Set(
    commands.map(
      (rest) => (/^(?:migrate|user|jobs|workflows|events|clock) \w+|^\w+/.exec(rest) ?? [''])[0],
    ),
  )
  for (const name of names) {
    const words = name.split(' ')
    assert.match(await ask(words), new RegExp(`^Usage: plinth ${words.join(' ')}\\b`), name)
  }
  const options = commands.flatMap((rest) => [...rest.matchAll(/^(\w+(?: create)?).* (--\w+)/g)])
  for (const [, name = '', option = ''] of options) {
    assert.ok((await ask(name.split(' '))).includes(option), `${name} ${option}`)
  }
})

test('every script of the README exists, and every link resolves', async () => {
  const manifest = await readFile(join(root, 'package.json'), 'utf8')
  const { scripts } = JSON.parse(manifest) as { readonly scripts: Readonly<Record<string, string>> }
  for (const [, name = ''] of readme.matchAll(/npm (?:run )?(start|test|bench)\b/g)) {
    assert.ok(Object.hasOwn(scripts, name), `npm run ${name}`)
  }
  const store = await readFile(join(root, 'examples/store/package.json'), 'utf8')
  assert.ok(store.includes('"import"'), 'npm run import -w store')
  for (const document of ['README.md', ...globSync('docs/**/*.md', { cwd: root })]) {
    const text = await readFile(join(root, document), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(link)) continue
      assert.ok(existsSync(join(root, dirname(document), link)), `${document}: ${link}`)
    }
  }
})

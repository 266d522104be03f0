import assert from 'node:assert/strict'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type AppFolder, appFolder, type Served, shopApp } from './process.ts'

type Beside = (folder: AppFolder, served: Served) => Promise<void>

const modules = join(import.meta.dirname, '../../../../../node_modules')

const csv = 'Code;Stock\nseen;7\nnew;2\nbroken;many\n'

const importTwice: Beside = async (folder, served) => {
  const first = await folder.run(['import', 'app.ts', 'stock.csv'])
  assert.equal(first.code, 1, 'rows were rejected')
  assert.match(first.told, /Read 3 = taken 2 \+ rejected 1/)
  assert.match(await readFile(join(folder.path, 'stock.csv.rejects.csv'), 'utf8'), /broken/)
  const list = (await served.ask('/api/products?filter[sku]=new')).text
  assert.match(list, /"stock":2/)
  const { told } = await folder.run(['import', 'stock.csv', '--separator', ';'])
  assert.match(told, /product\s+0 created\s+0 changed\s+2 unchanged/)
}

const exportUnderRules: Beside = async (folder) => {
  const all = await folder.run(['export', 'product', '--format', 'jsonl'])
  assert.equal(all.code, 0)
  assert.equal(all.data.trim().split('\n').length, 3)
  assert.match(all.told, /3 records of product/)
  const guest = await folder.run(['export', 'product', '--as', 'anonymous', '-o', 'out.csv'])
  assert.equal(guest.data, '')
  const text = await readFile(join(folder.path, 'out.csv'), 'utf8')
  assert.match(text, /seen/)
  assert.doesNotMatch(text, /hidden/)
}

const explainBoth: Beside = async (folder) => {
  const { data } = await folder.run(['export', 'product', '--format', 'jsonl'])
  const line = data.split('\n').find((each) => each.includes('"hidden"')) ?? '{}'
  const { id } = JSON.parse(line) as { id: string }
  const guest = await folder.run(['explain', 'product', id, '--as', 'anonymous'])
  assert.match(guest.data, /✗ read: .*row\.stock/)
  const bySku = await folder.run(['explain', 'product', 'hidden', '--as', 'anonymous'])
  assert.equal(bySku.data, guest.data, 'by its key as by its id')
  assert.match(guest.data, /row\.stock = 0/)
  const staff = ['--as', 'staff@shop.example', '--operation', 'read']
  const told = await folder.run(['explain', 'product', id, ...staff])
  assert.match(told.data, /✓ read/)
  assert.doesNotMatch(told.data, /update/)
}

const workWithUsers: Beside = async (folder, served) => {
  const input = 'three words and more\n'
  const words = ['user', 'create', 'ann@shop.example', '--role', 'staff', '--password-stdin']
  const made = await folder.run(words, { input })
  assert.equal(made.code, 0, made.told)
  assert.match(made.data, /^[0-9a-f-]{36}\n$/)
  assert.doesNotMatch(made.told, /three words/)
  const signIn = (): Promise<Response> =>
    fetch(`${served.base}/api/identity/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ann@shop.example', password: input.trim() }),
    })
  assert.equal((await signIn()).status, 200)
  await folder.run(['user', 'set-roles', 'ann@shop.example'])
  await folder.run(['user', 'suspend', 'ann@shop.example'])
  assert.equal((await signIn()).status, 401)
  const { data } = await folder.run(['user', 'list'])
  assert.match(data, /ann@shop\.example\s+-\s+-\s+suspended/)
  assert.match(data, /staff@shop\.example\s+-\s+staff\s+active/)
  const again = await folder.run(words, { input })
  assert.match(again.told, /There is a user ann@shop\.example already/)
  const generated = await folder.run(['user', 'create', 'bob@shop.example'])
  assert.match(generated.told, /shown only now: \S{15,}/)
}

test('commands work beside a running server, on its data', async (t) => {
  const folder = await appFolder(t, shopApp())
  const served = await folder.serve(['start'])
  await folder.write('stock.csv', csv)
  await t.test('import: takes what it can, rejects the rest, repeats to nothing', () =>
    importTwice(folder, served),
  )
  await t.test('export: data to stdout, words to stderr, under rules on demand', () =>
    exportUnderRules(folder, served),
  )
  await t.test('explain: says why', () => explainBoth(folder, served))
  await t.test('user: made, signed in, changed, suspended', () => workWithUsers(folder, served))
})

const wrong: readonly (readonly [string, number, RegExp])[] = [
  ['', 2, /Usage: plinth/],
  ['dve', 2, /Did you mean dev/],
  ['check nowhere.ts', 2, /There is no file .*nowhere\.ts/],
  ['check app.ts more', 2, /one word too many: plinth check/],
  ['export', 2, /Something is missing: plinth export \[app\.ts\] <model>/],
  ['export produkt', 2, /no model produkt.*product/],
  ['export product --format xml', 2, /csv or jsonl/],
  ['export product --as guest', 2, /"guest" is no user: .* or anonymous/],
  ['export product --as nobody@x.example', 1, /There is no user nobody@x\.example/],
  ['import', 2, /Something is missing: plinth import \[app\.ts\] <file>/],
  ['import nowhere.csv', 2, /nowhere\.csv/],
  ['import app.csv --mapping stok', 2, /no importer "stok"; did you mean stock/],
  ['import app.csv --separator x', 2, /--separator is none of/],
  ['import app.csv --encoding latin', 2, /--encoding is none of: utf-8 {2}utf-16le/],
  ['explain product', 2, /required option '--as <user>'/],
  ['explain product --as anonymous', 2, /Something is missing: plinth explain/],
  ['explain product 7 --as anonymous', 1, /There is no product whose sku is "7"/],
  ['schedules list more', 2, /one word too many: plinth schedules list/],
  ['user create ann', 1, /email: Give an e-mail address/],
  ['user create ann@x.example --role stuff', 1, /no role "stuff"; did you mean staff/],
  ['user suspend ann@x.example', 1, /There is no user ann@x\.example/],
  ['migrate', 2, /plan.*\n.*apply.*\n.*status/s],
  ['migrate apply', 2, /follows the declaration by itself.*DATABASE_URL/],
  ['new .', 2, /is not empty/],
]

test('what is typed wrong is answered with the cure and without a stack', async (t) => {
  const folder = await appFolder(t, shopApp())
  const served = await folder.serve(['start'])
  await folder.write('app.csv', csv)
  for (const [line, code, pattern] of wrong) {
    const ended = await folder.run(line === '' ? [] : line.split(' '))
    assert.match(ended.told, pattern, line)
    assert.equal(ended.code, code, `${line}: ${ended.told}`)
    assert.doesNotMatch(ended.told, /\n\s+at /, line)
    assert.equal(ended.data, '', line)
  }
  await served.end()
})

test('check sums up, or tells every mistake; routes lists every address', async (t) => {
  const folder = await appFolder(t, shopApp())
  const good = await folder.run(['check'])
  assert.equal(good.code, 0, good.told)
  assert.match(good.data, /product\s+catalog\s+6 fields/)
  assert.match(good.told, /No mistakes/)
  const sell = `catalog.action('sell', {
    input: { id: id('product') },
    allow: anyone,
    async run({ data, input }) {
      const product = await data.product.get(input.id)
      await data.product.update(product.id, { stock: product.stock - 1 })
    },
  })
  export const stock`
  const acting = shopApp().replace('export const stock', sell).replace('anyone,', 'anyone, id,')
  await folder.write('app.ts', acting)
  const advised = await folder.run(['check'])
  assert.equal(advised.code, 0, advised.told)
  const line = acting.split('\n').findIndex((text) => text.includes('stock - 1')) + 1
  assert.match(advised.told, new RegExp(`consider: app\\.ts:${line}: product\\.stock is read`))
  assert.doesNotMatch(advised.told, /Experimental/)
  const { data } = await folder.run(['routes'])
  assert.match(data, /^GET\s+\/api\/products\s+product\.list$/m)
  assert.match(data, /^POST\s+\/api\/identity\/sign-in\s+identity\.signIn$/m)
  const mistakes = "when: text(), a: belongsTo('nothing'), b: belongsTo('nowhere')"
  const text = shopApp(mistakes).replace('anyone,', 'belongsTo,')
  await folder.write('app.ts', text)
  const bad = await folder.run(['check'])
  assert.equal(bad.code, 1)
  assert.match(bad.told, /catalog\.product.*nothing/)
  assert.match(bad.told, /catalog\.product.*nowhere/)
})

test('a command without a server starts PostgreSQL for as long as it takes', async (t) => {
  const folder = await appFolder(t, shopApp())
  const made = await folder.run(['user', 'create', 'ann@shop.example', '--generate'])
  assert.equal(made.code, 0, made.told)
  assert.match(made.told, /Staff: staff@shop\.example/, 'the first start is filled, whoever starts')
  const { data } = await folder.run(['user', 'list', '--format', 'jsonl'])
  assert.equal(data.trim().split('\n').length, 2)
  const { code } = await folder.run(['migrate', 'status'])
  assert.equal(code, 0)
})

test('new makes an app that checks, passes its own test and compiles', async (t) => {
  const folder = await appFolder(t, shopApp())
  const made = await folder.run(['new', 'My-Tasks'])
  assert.equal(made.code, 0, made.told)
  const home = join(folder.path, 'My-Tasks')
  const read = (name: string): Promise<string> => readFile(join(home, name), 'utf8')
  const manifest = JSON.parse(await read('package.json')) as {
    readonly name: string
    readonly dependencies: Record<string, string>
    readonly scripts: Record<string, string>
  }
  assert.equal(manifest.name, 'my-tasks')
  assert.match(manifest.dependencies.plinth ?? '', /^file:/)
  assert.match(await read('.gitignore'), /\.plinth/)
  assert.doesNotMatch(await read('README.md'), /\{\{/)
  const checked = await folder.run(['check', 'My-Tasks/app.ts'])
  assert.equal(checked.code, 0, checked.told)
  const words = (manifest.scripts.test ?? '').split(' ').slice(1)
  const tested = await folder.runNode([...words, 'My-Tasks/app.test.ts'])
  assert.equal(tested.code, 0, tested.data)
  assert.match(tested.data, /pass 3/)
  await symlink(join(modules, '@types'), join(folder.path, 'node_modules/@types'))
  const compiler = join(modules, 'typescript/bin/tsc')
  const compiled = await folder.runNode([compiler, '-p', 'My-Tasks/tsconfig.json'])
  assert.equal(compiled.data, '')
  // A test that cannot fail proves nothing: the rule that keeps others out is taken away.
  const open = (await read('app.ts')).replace(
    'row.ownerId.eq(me.id).or(me.is(',
    'me.signedIn.or(me.is(',
  )
  await writeFile(join(home, 'app.ts'), open)
  assert.equal((await folder.runNode([...words, 'My-Tasks/app.test.ts'])).code, 1)
})

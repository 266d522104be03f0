import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { monotonicMs, sleep } from '../../base/time.ts'
import { appFolder, type Served, shopApp } from './process.ts'

/** The processes of this machine that work in a folder. */
async function processesIn(folder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const where = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (where.startsWith(folder)) found.push(pid)
  }
  return found
}

/** Waits until no process works in a folder any more; one that has ended may need a moment. */
async function untilEmpty(folder: string): Promise<void> {
  for (let tries = 0; (await processesIn(folder)).length > 0; tries += 1) {
    assert.ok(tries < 400, 'processes live on')
    await sleep(20)
  }
}

async function workerOf(served: Served): Promise<number> {
  const path = `/proc/${served.process.pid}/task/${served.process.pid}/children`
  for (const pid of (await readFile(path, 'utf8')).trim().split(' ')) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    if (line.includes('worker-entry')) return Number(pid)
  }
  return assert.fail('there is a worker')
}

async function skus(served: Served): Promise<readonly string[]> {
  const { data } = JSON.parse((await served.ask('/api/products')).text) as {
    data: { sku: string }[]
  }
  return data.map(({ sku }) => sku)
}

test('start: a fresh folder serves its seed, keeps it, and ends in order', async (t) => {
  const folder = await appFolder(t, shopApp())
  const first = await folder.serve(['start'])
  assert.deepEqual(await skus(first), ['seen'])
  assert.equal((await first.ask('/health/ready')).status, 200)
  assert.match(first.told(), /Documentation\s+http/)
  assert.match(first.told(), /Accounts\s+http\S+\/account\n/)
  assert.doesNotMatch(first.told(), /development mode/)
  assert.match(first.told(), /Staff: staff@shop.example \S{15,}/)
  const file = join(folder.path, '.plinth/keys/first-start.txt')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const endsAtMs = monotonicMs() + limits.drainIdleMs
  assert.equal(await first.end(), 0)
  assert.ok(monotonicMs() < endsAtMs, 'it waits for no connection of its own')
  await untilEmpty(folder.path)
  const second = await folder.serve(['start'], { PLINTH_TRUSTED_PROXIES: '1' })
  assert.deepEqual(await skus(second), ['seen'])
  assert.match(second.told(), /in development mode and can be reached from elsewhere/)
  assert.doesNotMatch(second.told(), /Staff:/)
  assert.match(second.told(), /first-start\.txt/)
  assert.equal(await second.end('SIGINT'), 0)
})

test('start: two apps run side by side; a second on the same data is told why not', async (t) => {
  const one = await appFolder(t, shopApp())
  const two = await appFolder(t, shopApp())
  const [first, second] = await Promise.all([one.serve(['start']), two.serve(['start'])])
  assert.notEqual(first.base, second.base)
  assert.deepEqual(await skus(first), await skus(second))
  const { code, told } = await one.run(['start'])
  assert.equal(code, 1)
  assert.match(told, /is in use by process \d+.*PLINTH_DATA/)
  const taken = await two.run(['start'], {
    environment: { PORT: new URL(first.base).port, PLINTH_DATA: '.other' },
  })
  assert.equal(taken.code, 1)
  assert.match(taken.told, /cannot be used: free it/)
  await untilEmpty(join(two.path, '.other'))
})

test('start: kill -9 of the supervisor leaves nothing, and nothing is lost', async (t) => {
  const folder = await appFolder(t, shopApp())
  const served = await folder.serve(['start'])
  await served.end('SIGKILL')
  await untilEmpty(folder.path)
  const again = await folder.serve(['start'])
  assert.deepEqual(await skus(again), ['seen'])
})

test('start: a worker that is killed is replaced; a PostgreSQL that is killed too', async (t) => {
  const folder = await appFolder(t, shopApp())
  const served = await folder.serve(['start'])
  const worker = await workerOf(served)
  process.kill(worker, 'SIGKILL')
  assert.deepEqual(await skus(served), ['seen'])
  assert.notEqual(await workerOf(served), worker)
  const data = join(folder.path, '.plinth/postgres-18/data')
  const [postgres] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(postgres), 'SIGKILL')
  await served.untilTold(/PostgreSQL ended/)
  for (let tries = 0; (await served.ask('/health/ready')).status !== 200; tries += 1) {
    assert.ok(tries < 200, 'it is ready again')
    await sleep(50)
  }
  assert.deepEqual(await skus(served), ['seen'])
})

test('start: SIGHUP serves the new declaration; a front end is named', async (t) => {
  const web = "web: { folder: 'site', at: '/shop' }"
  const folder = await appFolder(t, shopApp().replace('app({', `app({ ${web},`))
  await mkdir(join(folder.path, 'site'))
  await folder.write('site/words.txt', 'The shop')
  const served = await folder.serve(['start'])
  const at = /Front end\s+(\S+)\n/.exec(served.told())?.[1]
  assert.equal(at, `${served.base}/shop`)
  assert.match((await served.ask('/shop/words.txt')).text, /The shop/)
  await folder.write('app.ts', shopApp('colour: text({ max: 20, optional: true })'))
  served.process.kill('SIGHUP')
  await served.untilTold(/Restarted/)
  assert.match((await served.ask('/api/products')).text, /"colour":null/)
})

test('dev: a save is followed, a mistake is shown and survived', async (t) => {
  const folder = await appFolder(t, shopApp())
  const served = await folder.serve(['dev'])
  await folder.write('app.ts', shopApp('colour: text({ max: 20, optional: true })'))
  await served.untilTold(/Saved: the new version serves/)
  assert.match((await served.ask('/api/products')).text, /"colour":null/)
  await folder.write('app.ts', shopApp('colour: text({ max: '))
  await served.untilTold(/app\.ts:\d+: SyntaxError/)
  assert.deepEqual(await skus(served), ['seen'])
  await folder.write('app.ts', shopApp())
  await served.untilTold(/Drops product\.colour.*\n.*Nothing was changed/)
  assert.match((await served.ask('/api/products')).text, /"colour":null/)
})

test('dev: a save in the middle of the first start is followed', async (t) => {
  const folder = await appFolder(t, shopApp())
  const starting = folder.serve(['dev'])
  while (!(await stat(join(folder.path, '.plinth')).catch(() => undefined))) await sleep(5)
  await folder.write('notes.json', '{}')
  const served = await starting
  await served.untilTold(/Saved: the new version serves/)
  await folder.write('app.ts', shopApp('colour: text({ max: 20, optional: true })'))
  await served.untilTold(/Saved: .*Saved: /s)
  assert.match((await served.ask('/api/products')).text, /"colour":null/)
})

test('dev: a first start with a mistake waits for the save that mends it', async (t) => {
  const folder = await appFolder(t, shopApp('colour: text({ max: 20, optional: true })'))
  const before = await folder.serve(['dev'])
  await before.end()
  await folder.write('app.ts', shopApp())
  const refused = await folder.run(['start'])
  assert.equal(refused.code, 1)
  assert.match(refused.told, /Drops product\.colour.*\n.*Nothing was changed/)
  const accepted = await folder.serve(['dev', '--accept-loss'])
  assert.doesNotMatch((await accepted.ask('/api/products')).text, /colour/)
  await accepted.end()
})

test('H07: start refuses a weak secret in production and makes nothing', async (t) => {
  const folder = await appFolder(t, shopApp())
  const environment = { NODE_ENV: 'production', PLINTH_SECRET: 'changeme', PORT: 'x' }
  const { code, told } = await folder.run(['start'], { environment })
  assert.equal(code, 1)
  assert.match(told, /PORT: "x" is no whole number/)
  assert.match(told, /PLINTH_SECRET: It is too short.*openssl rand -base64 32/)
  await assert.rejects(stat(join(folder.path, '.plinth')), { code: 'ENOENT' })
})

test('production refuses a schema that lacks something, and names the command', async (t) => {
  const folder = await appFolder(t, shopApp())
  const environment = {
    NODE_ENV: 'production',
    PLINTH_SECRET: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
  }
  const refused = await folder.run(['start'], { environment })
  assert.equal(refused.code, 1)
  assert.match(refused.told, /plinth migrate plan/)
  assert.equal((await folder.run(['migrate', 'plan', 'first'])).code, 0)
  const applied = await folder.run(['migrate', 'apply'], { environment })
  assert.equal(applied.code, 0, applied.told)
  const served = await folder.serve(['start'], environment)
  assert.deepEqual(await skus(served), [], 'production is not seeded')
  assert.doesNotMatch(served.told(), /Staff/)
})

test('a lost secret is no lost data: the next start makes a new one', async (t) => {
  const folder = await appFolder(t, shopApp())
  const served = await folder.serve(['start'])
  await served.end()
  await rm(join(folder.path, '.plinth/keys/secret'))
  const again = await folder.serve(['start'])
  assert.deepEqual(await skus(again), ['seen'])
})

/** Proves that an import that is killed and run again ends as if it had run once. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { onBothServers } from '../../../database/proof/servers.ts'
import { type RetailRow, retailFile, shopWorld } from './shop-world.ts'

/** Rows in which many speak of the same records and contradict each other. */
function contradictoryRows(count: number): Partial<RetailRow>[] {
  return Array.from({ length: count }, (_, index) => ({
    invoice: String(500_000 + (index % 4_001)),
    code: String(10_000 + (index % 977)),
    name: index % 3 === 0 ? '' : `NAME ${index % 7}`,
    price: `${index % 11},${10 + (index % 90)}`,
    quantity: index % 501 === 0 ? '?' : String(1 + (index % 9)),
    customer: index % 5 === 0 ? '' : String(17_000 + (index % 301)),
    country: index % 2 === 0 ? 'France' : 'EIRE',
  }))
}

const program = `
  import { systemClock } from ${JSON.stringify(import.meta.resolve('../../../base/time.ts'))}
  import { openDatabase } from ${JSON.stringify(import.meta.resolve('../../../database/open.ts'))}
  import { runImport } from ${JSON.stringify(import.meta.resolve('../run.ts'))}
  import { retail } from ${JSON.stringify(import.meta.resolve('./retail.ts'))}
  import { shopCatalog } from ${JSON.stringify(import.meta.resolve('./shop-world.ts'))}
  const [path, address] = process.argv.slice(1)
  const database = await openDatabase(JSON.parse(address))
  const outlet = { write: (text) => process.stderr.write(text), terminal: true, clock: systemClock }
  await runImport({ catalog: shopCatalog, database, importer: retail, path, outlet })
  process.exit(0)`

/** Runs the import in a process of its own and kills it as soon as the moment has come. */
async function runAndKill(
  path: string,
  address: object,
  moment: (told: string) => Promise<boolean>,
): Promise<NodeJS.Signals | null> {
  const script = ['--input-type=module', '--eval', program, path, JSON.stringify(address)]
  const child = spawn(process.execPath, script, { stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on('exit', (_code, signal) => resolve(signal)),
  )
  const poll = async (): Promise<void> => {
    while (child.exitCode === null && !(await moment(told))) await setTimeout(2)
  }
  await poll()
  child.kill('SIGKILL')
  return ended
}

onBothServers('A killed import', (server) => {
  test('is finished by running it again', { timeout: 400_000 }, async (context) => {
    const content = retailFile(contradictoryRows(16_000))
    const once = await shopWorld(server, context)
    const path = await once.file('kill.csv', content)
    await once.load(path)
    const expected = await once.stored()
    const rejects = await once.rejects(path)

    const killed = await shopWorld(server, context)
    const again = await killed.file('kill.csv', content)
    const count = async (table: string) =>
      Number((await killed.rows(`select count(*) from ${table}`))[0])
    const all = await once.rows('select count(*) from shop.line')

    const early = async (told: string) => told.includes('encoding')
    assert.equal(await runAndKill(again, killed.address, early), 'SIGKILL')
    assert.equal(await count('shop.product'), 0, 'nothing is stored before all was read')
    const storing = async () => (await count('shop."order"')) > 0
    assert.equal(await runAndKill(again, killed.address, storing), 'SIGKILL')
    const halfWay = async () => (await count('shop.line')) > 0
    assert.equal(await runAndKill(again, killed.address, halfWay), 'SIGKILL')
    assert.ok((await count('shop.line')) < Number(all[0]), 'killed between two transactions')

    const report = await killed.load(again)
    assert.equal(report.read, 16_000)
    assert.deepEqual(await killed.stored(), expected)
    assert.deepEqual(await killed.rejects(again), rejects)
    const told = `select count(*), count(distinct record),
      count(*) filter (where record in (select id from shop."order")) from plinth.audit
      where model = 'order' and verb = 'create'`
    const [orders] = await killed.rows('select count(*) from shop."order"')
    assert.deepEqual(await killed.rows(told), [Array(3).fill(orders).join('|')])
  })
})

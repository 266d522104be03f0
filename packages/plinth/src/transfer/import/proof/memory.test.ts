/** Proves that an import takes no more memory for more rows. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { internalTables } from '../../../app/schema/schema.ts'
import { startEmbedded } from '../../../database/embedded/server.ts'
import { openDatabase } from '../../../database/open.ts'
import { followDeclaration } from '../../../migrate/migrate.ts'
import { retailFile, shopCatalog } from './shop-world.ts'

const program = `
  import { systemClock } from ${JSON.stringify(import.meta.resolve('../../../base/time.ts'))}
  import { openDatabase } from ${JSON.stringify(import.meta.resolve('../../../database/open.ts'))}
  import { runImport } from ${JSON.stringify(import.meta.resolve('../run.ts'))}
  import { retail } from ${JSON.stringify(import.meta.resolve('./retail.ts'))}
  import { shopCatalog } from ${JSON.stringify(import.meta.resolve('./shop-world.ts'))}
  const [path, address] = process.argv.slice(1)
  const database = await openDatabase(JSON.parse(address))
  const outlet = { write: () => undefined, terminal: false, clock: systemClock }
  const setting = { catalog: shopCatalog, database, importer: retail, path, outlet }
  const { taken } = await runImport(setting)
  const megabytes = process.resourceUsage().maxRSS / 1_000
  process.stdout.write(JSON.stringify({ taken, megabytes }), () => process.exit(0))`

test('ten times the rows take the same memory', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-memory-'))
  const server = await startEmbedded({ directory: join(folder, 'data'), log: () => undefined })
  try {
    const database = await openDatabase(server.address)
    await followDeclaration({ database, catalog: shopCatalog, internal: internalTables })
    await database.close()
    const measure = async (rows: number): Promise<number> => {
      const path = join(folder, `${rows}.csv`)
      const file = retailFile(
        Array.from({ length: 1_000 }, (_, index) => ({
          invoice: String(500_000 + index),
          code: String(10_000 + index),
        })),
      )
      const [header = '', ...lines] = file.split(/(?<=\n)/)
      await writeFile(path, header + lines.join('').repeat(rows / 1_000))
      const heap = ['--max-old-space-size=64', '--max-semi-space-size=8']
      const script = [
        '--input-type=module',
        '--eval',
        program,
        path,
        JSON.stringify(server.address),
      ]
      const { stdout } = await promisify(execFile)(process.execPath, [...heap, ...script])
      const { taken, megabytes } = JSON.parse(stdout) as { taken: number; megabytes: number }
      assert.equal(taken, rows)
      return megabytes
    }
    const few = await measure(20_000)
    const many = await measure(200_000)
    assert.ok(many < few + 60, `${few} MB for 20,000 rows, ${many} MB for 200,000`)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
})

/** Owns how fast an import is: a large made-up file, and the real one where it is at hand. */

import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { catalogOf } from '../../packages/plinth/src/app/compose.ts'
import { loadApp } from '../../packages/plinth/src/app/file/load-app.ts'
import { systemClock } from '../../packages/plinth/src/base/time.ts'
import { openDatabase } from '../../packages/plinth/src/database/open.ts'
import { type ImportReport, runImport } from '../../packages/plinth/src/transfer/import/run.ts'
import { type Figure, grouped } from '../table.ts'
import { addressOf, root, type Scratch, startStore, storeFile } from '../world.ts'

const goalPerSecond = 10_000
const linesMade = 300_000
const realFile = join(root, '..', 'shared', 'data', 'online-retail.csv')

/** Measures imports into a running store. */
export async function measureImport(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const data = join(scratch.path, 'import')
  const store = await startStore(data)
  try {
    const made = join(scratch.path, 'made.csv')
    await pipeline(Readable.from(csvLines(linesMade)), createWriteStream(made))
    const figures: Figure[] = []
    const real = await stat(realFile).then(
      () => true,
      () => false,
    )
    if (real) figures.push(figureOf('import of the real file', await importFile(data, realFile)))
    const report = await importFile(data, made)
    figures.push(figureOf(`import of ${grouped(linesMade)} made-up lines`, report))
    const again = await importFile(data, made)
    tell(`import again, nothing changes: ${grouped(rateOf(again))} lines/s`)
    return figures
  } finally {
    await store.process.stop()
  }
}

function rateOf({ read, durationMs }: ImportReport): number {
  return read / (durationMs / 1_000)
}

function figureOf(name: string, report: ImportReport): Figure {
  const rate = rateOf(report)
  return {
    name: `${name} (${grouped(report.read)} read, ${grouped(report.rejected)} rejected)`,
    value: `${grouped(rate)} lines/s`,
    goal: `≥ ${grouped(goalPerSecond)} lines/s`,
    reached: rate >= goalPerSecond,
  }
}

async function importFile(data: string, path: string): Promise<ImportReport> {
  const { app, importers } = await loadApp(storeFile)
  const importer = [...importers.values()][0]
  if (!importer) throw new Error('The store declares no importer.')
  const database = await openDatabase(await addressOf(data))
  try {
    const outlet = { write: () => undefined, terminal: false, clock: systemClock }
    return await runImport({ catalog: catalogOf(app), database, importer, path, outlet })
  } finally {
    await database.close()
  }
}

/** Lines like those of the real file: several to an invoice, products and customers again. */
function* csvLines(count: number): Generator<string> {
  yield 'InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country\r\n'
  const startMs = Date.UTC(2024, 0, 1)
  for (let line = 0; line < count; line++) {
    const invoice = Math.floor(line / 20)
    const product = (line * 7_919) % 4_000
    const at = new Date(startMs + invoice * 60_000).toISOString()
    const day = `${at.slice(8, 10)}.${at.slice(5, 7)}.${at.slice(0, 4)} ${at.slice(11, 16)}`
    const price = `${1 + (product % 50)},${String(product % 100).padStart(2, '0')}`
    const cells = [
      ...[600_000 + invoice, 30_000 + product, `THING NUMBER ${product}`, 1 + (line % 12)],
      ...[day, price, 20_000 + (invoice % 3_000), 'United Kingdom'],
    ]
    yield `${cells.join(';')}\r\n`
  }
}

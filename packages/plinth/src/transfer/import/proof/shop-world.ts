/** Owns a database with the shop in it for each proof, files to import, and what ends up stored. */

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { internalTables } from '../../../app/schema/schema.ts'
import { hex, randomBytes } from '../../../base/ids.ts'
import { movableClock } from '../../../base/time.ts'
import type { Catalog } from '../../../catalog/catalog.ts'
import { compileCatalog } from '../../../catalog/compile.ts'
import type { Database, DatabaseAddress } from '../../../database/database.ts'
import { openDatabase } from '../../../database/open.ts'
import type { ProvenServer } from '../../../database/proof/servers.ts'
import { app } from '../../../define/kit.ts'
import { followDeclaration } from '../../../migrate/migrate.ts'
import type { GivenDialect } from '../../dialect/dialect.ts'
import type { Importer } from '../importer.ts'
import { type ImportReport, runImport } from '../run.ts'
import { retail, shop } from './retail.ts'

/** The shop's catalog. */
export const shopCatalog: Catalog = compileCatalog(app({ kits: [shop] }))

/** What an import is asked for, beside the file. */
export interface AskedImport {
  readonly importer?: Importer
  readonly given?: GivenDialect
}

/** A shop's database and a folder for files. */
export interface ShopWorld {
  readonly address: DatabaseAddress
  readonly database: Database
  /** Writes a file and returns its path. */
  file(name: string, content: string | Uint8Array): Promise<string>
  /** Copies a file into the folder, since rejects are written beside it. */
  copy(path: string): Promise<string>
  load(path: string, asked?: AskedImport): Promise<ImportReport>
  /** Everything that was told during the last import. */
  told(): string
  /** The lines of the reject file, without its header; none where there is no such file. */
  rejects(path: string): Promise<string[]>
  /** All that is stored, by natural keys, with versions. */
  stored(): Promise<string[]>
  rows(text: string): Promise<string[]>
}

const everything = [
  `select 'product', sku, name, price, version from shop.product order by sku collate "C"`,
  `select 'customer', number, country, version from shop.customer order by number collate "C"`,
  `select 'order', o.number, o.placed_at, c.number, o.version from shop."order" o
   left join shop.customer c on c.id = o.customer_id order by o.number collate "C"`,
  `select 'line', o.number, l.position, p.sku, l.fee, l.quantity, l.price, l.version
   from shop.line l join shop."order" o on o.id = l.order_id
   left join shop.product p on p.id = l.product_id order by o.number collate "C", l.position`,
]

/** Makes a database with the empty shop. */
export async function shopWorld(server: ProvenServer, context: TestContext): Promise<ShopWorld> {
  const admin = await server.open(context)
  const name = `import_${hex(randomBytes(8))}`
  await admin.dedicated((session) => session.script(`create database ${name}`))
  const address = { ...server.address(), database: name }
  const database = await openDatabase(address)
  context.after(() => database.close())
  await followDeclaration({ database, catalog: shopCatalog, internal: internalTables })
  const folder = await mkdtemp(join(tmpdir(), 'plinth-import-'))
  context.after(() => rm(folder, { recursive: true }))
  return withFiles({ address, database, folder })
}

interface Place {
  readonly address: DatabaseAddress
  readonly database: Database
  readonly folder: string
}

function withFiles({ address, database, folder }: Place): ShopWorld {
  let told: string[] = []
  const clock = movableClock()
  const rows = async (text: string): Promise<string[]> => {
    const found = await database.query({ text, values: [] })
    return found.rows.map((cells) => cells.map((cell) => cell ?? '-').join('|'))
  }
  return {
    ...{ address, database, rows },
    async file(name, content) {
      await writeFile(join(folder, name), content)
      return join(folder, name)
    },
    async copy(path) {
      await copyFile(path, join(folder, 'real.csv'))
      return join(folder, 'real.csv')
    },
    load(path, { importer = retail, given = {} } = {}) {
      told = []
      const outlet = { write: (text: string) => told.push(text), terminal: false, clock }
      return runImport({ catalog: shopCatalog, database, importer, path, given, outlet })
    },
    told: () => told.join(''),
    async rejects(path) {
      const text = await readFile(`${path}.rejects.csv`, 'utf8').catch(() => '')
      return text.split('\r\n').slice(1, -1)
    },
    async stored() {
      const parts: string[][] = []
      for (const text of everything) parts.push(await rows(text))
      return parts.flat()
    },
  }
}

const header = 'InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country'

/** A small file of the shop's columns; cells that are not given have plain values. */
export function retailFile(rows: readonly Partial<RetailRow>[]): string {
  const lines = rows.map((row) =>
    Object.values({ ...plainRow, ...row })
      .map((cell) => `"${cell.replaceAll('"', '""')}"`)
      .join(';'),
  )
  return `${header}\n${lines.join('\n')}\n`
}

/** The cells of a row, in the order of the columns. */
export interface RetailRow {
  readonly invoice: string
  readonly code: string
  readonly name: string
  readonly quantity: string
  readonly at: string
  readonly price: string
  readonly customer: string
  readonly country: string
}

const plainRow: RetailRow = {
  invoice: '500001',
  code: '10001',
  name: 'LANTERN',
  quantity: '1',
  at: '13/12/2010 08:26',
  price: '2,55',
  customer: '17850',
  country: 'France',
}

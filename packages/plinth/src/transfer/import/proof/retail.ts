/** Owns a shop and its importer, as a shop's developer would declare them, for proofs. */

import { instant, integer, money, text } from '../../../define/fields.ts'
import { kit } from '../../../define/kit.ts'
import { belongsTo } from '../../../define/relation.ts'
import { nobody } from '../../../define/rule.ts'
import { cell } from '../cells.ts'
import { importer } from '../importer.ts'

/** A shop's products, customers, orders and lines. */
export const shop = kit('shop', {
  models: {
    product: {
      fields: {
        sku: text({ max: 40, unique: true }),
        name: text({ max: 200 }),
        price: money('GBP'),
        margin: integer({ optional: true }),
      },
      access: { fields: { margin: { read: nobody } } },
      key: ['sku'],
      audit: true,
    },
    customer: {
      fields: { number: text({ max: 20, unique: true }), country: text({ max: 60 }) },
      key: ['number'],
    },
    order: {
      fields: {
        number: text({ max: 20, unique: true }),
        placedAt: instant(),
        customer: belongsTo('customer', { optional: true }),
      },
      key: ['number'],
      audit: true,
    },
    line: {
      fields: {
        order: belongsTo('order'),
        position: integer({ min: 1 }),
        product: belongsTo('product', { optional: true }),
        fee: text({ max: 200, optional: true }),
        quantity: integer(),
        price: money('GBP', { min: 0 }),
      },
      unique: [['order', 'position']],
      key: ['order', 'position'],
    },
  },
})

/** Reads files like the Online Retail data. */
export const retail = importer('online-retail', {
  kits: [shop],
  columns: {
    invoice: cell(['InvoiceNo', 'Invoice']),
    code: cell('StockCode'),
    name: cell('Description', { optional: true }),
    quantity: cell.integer('Quantity'),
    at: cell.instant('InvoiceDate', { zone: 'Europe/London' }),
    price: cell.money(['UnitPrice', 'Price'], { currency: 'GBP' }),
    customer: cell('CustomerID', { optional: true }),
    country: cell('Country'),
  },
  lastWins: { product: ['price'] },
  row({ row, number, put, reject }) {
    if (row.quantity < 0 && !row.invoice.startsWith('C')) {
      reject('a correction of the stock is no sale')
    }
    const fee = !/^\d{5}/.test(row.code)
    const customer = row.customer === null ? null : { number: row.customer }
    if (customer) put('customer', { ...customer, country: row.country })
    put('order', { number: row.invoice, placedAt: row.at, customer })
    if (!fee) {
      const price = row.price.amount === 0 ? null : row.price
      put(
        'product',
        { sku: row.code, name: row.name, price },
        { otherwise: { name: row.code, price: 0 } },
      )
    }
    put('line', {
      order: { number: row.invoice },
      position: number,
      product: fee ? null : { sku: row.code },
      fee: fee ? (row.name ?? row.code) : null,
      quantity: row.quantity,
      price: row.price,
    })
  },
})

/** Owns the import of a real shop's data: the UCI Online Retail columns, as messy as life. */

import { cell, importer } from 'plinth'
import { catalog } from './catalog.ts'
import { orders } from './orders.ts'

/**
 * One line of a file is one line of an invoice. `C…` invoices cancel; negative quantities without
 * it correct the stock; codes that do not start with five digits are no products but charges
 * (postage, discounts, bank charges). Names and prices differ between lines of one product: the
 * first name of the file holds, and the last price.
 *
 * @example npm run import -w store -- online-retail.csv
 */
export const onlineRetail = importer('online-retail', {
  kits: [catalog, orders],
  columns: {
    invoice: cell(['InvoiceNo', 'Invoice']),
    code: cell('StockCode'),
    description: cell('Description', { optional: true }),
    quantity: cell.integer('Quantity'),
    at: cell.instant('InvoiceDate', { zone: 'Europe/London' }),
    price: cell.money(['UnitPrice', 'Price'], { currency: 'GBP' }),
    customer: cell(['CustomerID', 'Customer ID'], { optional: true }),
    country: cell('Country'),
  },
  lastWins: { product: ['price'] },
  row({ row, number, put, reject }) {
    if (row.quantity === 0) reject('a line without a quantity says nothing: give one')
    const cancels = row.invoice.startsWith('C')
    const corrects = row.quantity < 0 && !cancels
    const customer = row.customer === null ? null : { number: row.customer }
    if (customer) put('customer', { ...customer, country: row.country })
    put('order', {
      number: row.invoice,
      type: cancels ? 'cancellation' : corrects ? 'correction' : 'sale',
      status: cancels ? 'cancelled' : 'shipped',
      placedAt: row.at,
      country: row.country,
      customer,
    })
    const line = {
      order: { number: row.invoice },
      position: number,
      quantity: row.quantity,
      unitPrice: row.price,
    }
    if (!/^\d{5}/.test(row.code)) {
      put('charge', { ...line, code: row.code, description: row.description })
      return
    }
    put(
      'product',
      {
        sku: row.code,
        name: row.description,
        // A price of nothing is a gift or a correction, not what the product costs.
        price: row.price.amount > 0 ? row.price : null,
      },
      { otherwise: { name: `Product ${row.code}`, price: 0, published: true } },
    )
    put('line', { ...line, product: { sku: row.code } })
  },
})

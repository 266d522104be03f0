/** Owns the store: the whole back end as one value. */

import { app } from 'plinth'
import * as cart from './checkout/cart.ts'
import { place } from './checkout/order.ts'
import { cancelOrder } from './checkout/refund.ts'
import { kits } from './kits.ts'
import { seed } from './seed.ts'
import { start, startStyles } from './start.ts'

/** `plinth import` finds it here. */
export { onlineRetail } from './import.ts'

export default app({
  title: 'Store',
  kits,
  actions: [cart, place, cancelOrder],
  roles: ['staff', 'admin'],
  seed,
  pages: { start, css: startStyles },
  web: { folder: 'web/dist', at: '/shop' },
})

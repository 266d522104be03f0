/** Owns the store: the whole back end as one value. */

import { app, identity } from 'plinth'
import { catalog } from './catalog.ts'
import { orders } from './orders.ts'

export default app({
  title: 'Store',
  kits: [identity, catalog, orders],
  roles: ['staff', 'admin'],
})

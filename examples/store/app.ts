/** Owns the store: the whole back end as one value. */

import { type AppModels, app, identity } from 'plinth'
import { catalog } from './catalog.ts'
import { orders } from './orders.ts'
import { seed } from './seed.ts'

const kits = [identity, catalog, orders] as const

/** The models of the store, for code that is typed by them. */
export type StoreModels = AppModels<typeof kits>

/** `plinth import` finds it here. */
export { onlineRetail } from './import.ts'

export default app({ title: 'Store', kits, roles: ['staff', 'admin'], seed })

/** Owns the list of the store's kits, and the type of all its models. */

import { type AppModels, identity } from 'plinth'
import { catalog } from './catalog.ts'
import { checkout } from './checkout/kit.ts'
import { orders } from './orders.ts'
import { promotions } from './promotions/kit.ts'

// Each declares its part of the checkout's logic.
import './checkout/order.ts'
import './checkout/refund.ts'
import './checkout/webhook.ts'
import './checkout/letters.ts'

/** What the store is made of. */
export const kits = [identity, catalog, orders, promotions, checkout] as const

/** All models of the store, for code that is typed by them. */
export type StoreModels = AppModels<typeof kits>

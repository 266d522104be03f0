/** Owns the list of the store's kits, and the type of all its models. */

import { type AppModels, identity } from 'plinth'
import { catalog } from './catalog.ts'
import { orders } from './orders.ts'

/** What the store is made of. */
export const kits = [identity, catalog, orders] as const

/** All models of the store, for code that is typed by them. */
export type StoreModels = AppModels<typeof kits>

/** Owns the store: the whole back end as one value. */

import { app } from 'plinth'
import { kits } from './kits.ts'
import { seed } from './seed.ts'
import { start, startStyles } from './start.ts'

/** `plinth import` finds it here. */
export { onlineRetail } from './import.ts'

export default app({
  title: 'Store',
  kits,
  roles: ['staff', 'admin'],
  seed,
  pages: { start, css: startStyles },
})

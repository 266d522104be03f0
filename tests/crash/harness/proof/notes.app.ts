/** Owns a very small app, for proofs of the harness itself. */

import { anyone, app, kit, text } from 'plinth'

const notes = kit('notes', {
  models: {
    note: { fields: { title: text({ max: 80 }) }, access: { read: anyone, write: anyone } },
  },
})

export default app({ title: 'Notes', kits: [notes] })

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adviceOn } from '../../catalog/advice/advice.ts'
import { anyone, app, belongsTo, identity, kit } from '../../index.ts'
import { catalogOf } from '../compose.ts'
import { adviceOnDeclared } from './advice.ts'

test('advice is on what the app declares, and not on the built-in kit', () => {
  const notes = kit('notes', {
    uses: [identity],
    models: {
      note: {
        fields: { author: belongsTo('user') },
        access: { read: anyone, fields: { authorId: { read: ({ me }) => me.signedIn } } },
      },
    },
  })
  const catalog = catalogOf(app({ kits: [identity, notes] }))
  const places = adviceOnDeclared(catalog).map(({ place }) => place)
  assert.deepEqual(places, ['notes.note.fields.author'])
  assert.ok(adviceOn(catalog).length > places.length, 'there was more to leave out')
})

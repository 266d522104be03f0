/** Owns what is answered in a scene of two organisations, in words that two scenes can share. */

import assert from 'node:assert/strict'
import { readNodeId } from '../../../packages/plinth/src/graphql/schema/node-ids.ts'
import type { TestCaller } from '../../../packages/plinth/src/testing.ts'
import type { Scene } from './office.ts'
import type { Asked } from './requests.ts'

/** Who asks. */
export type Person = keyof Scene['people'] | 'anonymous'

/** A text with the ids of a scene in the place of their words. */
export function filled(text: string, { ids }: Scene): string {
  return text.replace(/\{([a-z.]+)\}/g, (_, word: string) => ids[word] ?? assert.fail(word))
}

/** An answer in which ids are words, and what differs by chance is left out. */
export async function answerOf(scene: Scene, who: Person, one: Asked): Promise<string> {
  const { tested } = scene
  const as: TestCaller = who === 'anonymous' ? who : scene.people[who]
  const { status, text } = await tested.request(one.method, filled(one.path, scene), {
    as,
    ...(one.body === undefined ? {} : { body: filled(JSON.stringify(one.body), scene) }),
    headers: { 'content-type': 'application/json', ...one.headers },
  })
  return inWords(`${status} ${text}`, scene)
}

const byChance =
  /"(position|trace|traceId|next|previous|instance|slug|cursor|(?:start|end)Cursor)":"?[\w.~-]*"?/g

/** A text in which ids are words, and what differs by chance is left out. */
export function inWords(text: string, { ids }: Scene): string {
  const words = new Map(Object.entries(ids).map(([word, id]) => [id, `<${word}>`]))
  return text
    .replace(/"([\w-]{50,})"/g, (whole, given: string) => {
      const node = readNodeId(given)
      return node ? `"${node.type} ${node.id}"` : whole
    })
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/g, (id) => words.get(id) ?? '<id>')
    .replace(/test-[0-9a-f]{12}/g, 'organisation')
    .replace(byChance, '"$1":…')
}

/** Owns who may follow events: the rules of those that declare one. */

import type { Event } from '../../define/logic/logic.ts'
import type { ValueRule } from '../catalog.ts'
import { type RuleSetting, valueRule } from './value-rules.ts'

/** The rules of events that can be followed, by the name of the event. */
export function followersOf(
  events: ReadonlyMap<string, Event>,
  setting: RuleSetting,
): ReadonlyMap<string, ValueRule> {
  const rules = new Map<string, ValueRule>()
  for (const [name, { allow, data }] of events) {
    if (allow === undefined) continue
    const members = new Map(Object.entries(data))
    rules.set(
      name,
      valueRule({ name: `${name}.allow`, word: 'data', source: allow }, members, setting),
    )
  }
  return rules
}

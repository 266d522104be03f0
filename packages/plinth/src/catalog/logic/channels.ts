/** Owns the compilation of channels: their shapes and their rules. */

import type { Channel } from '../../define/logic/logic.ts'
import type { Shape } from '../../define/logic/shape.ts'
import { nobody } from '../../define/rule.ts'
import type { ActionInput, ChannelPlan } from '../catalog.ts'
import type { Mistakes } from '../mistakes.ts'
import { nameProblem } from '../names.ts'
import { type RuleSetting, valueRule } from './value-rules.ts'

/** Compiles the declared channels, by name. */
export function channelsOf(
  channels: ReadonlyMap<string, Channel>,
  setting: RuleSetting,
): ReadonlyMap<string, ChannelPlan> {
  return new Map([...channels].map(([name, channel]) => [name, compile(name, channel, setting)]))
}

function compile(name: string, channel: Channel, setting: RuleSetting): ChannelPlan {
  const { mistakes } = setting
  const { allow, message, presence } = channel
  const params = members(`${name}.params`, channel.params, mistakes)
  if (allow.join === undefined) {
    mistakes.add(`${name}.allow.join`, 'needs a rule: say who may be there, by anyone for all')
  }
  if (allow.publish !== undefined && message === undefined) {
    mistakes.add(`${name}.message`, 'is missing: say what may be said, as text() and so on')
  }
  const rule = (word: 'join' | 'publish' | 'see', source: unknown) =>
    valueRule({ name: `${name}.allow.${word}`, word: 'params', source }, params, setting)
  const { join = nobody } = allow
  return Object.freeze({
    ...{ name, params },
    message: message && members(`${name}.message`, message, mistakes),
    presence: presence && members(`${name}.presence`, presence, mistakes),
    join: rule('join', join),
    publish: allow.publish && rule('publish', allow.publish),
    see: rule('see', allow.see ?? join),
  })
}

function members(
  place: string,
  shape: Shape,
  mistakes: Mistakes,
): ReadonlyMap<string, ActionInput> {
  const found = new Map<string, ActionInput>()
  for (const [name, field] of Object.entries(shape)) {
    const problem = nameProblem(name)
    if (problem) mistakes.add(`${place}.${name}`, `"${name}" ${problem}`)
    if (field?.is !== 'field') {
      mistakes.add(`${place}.${name}`, 'is no field: write text(), integer() and so on')
      continue
    }
    const { kind, optional, default: fallback, description } = field
    found.set(name, Object.freeze({ name, kind, optional, default: fallback, description }))
  }
  return found
}

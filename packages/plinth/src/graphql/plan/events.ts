/** Owns the translation of subscriptions to events: how each message is written. */

import { type GraphQLObjectType, getNamedType } from 'graphql'
import { assert, present } from '../../base/assert.ts'
import type { LiveMessage } from '../../engine/live/message.ts'
import { cutMembers } from '../answer/cut.ts'
import { isObject } from '../schema/setting.ts'
import { type Asked, collect, type Reading, setsOf } from './collect.ts'
import { valueText } from './values.ts'

/** Makes the JSON text of a message: of anything but the last. */
export function planEvent(
  reading: Reading,
  type: GraphQLObjectType,
  asked: Asked,
): (message: LiveMessage) => string {
  const message = getNamedType(present(type.getFields()[asked.name], asked.name).type)
  assert(isObject(message), `${asked.name} has messages`)
  const members = collect(reading, message, setsOf(asked))
  return ({ type: is, cursor, members: told }) => {
    const texts = cutMembers(`{${told}}`)
    const written = members.map((member) => `"${member.key}":${memberText(member)}`)
    return `{${written.join()}}`

    function memberText(member: Asked): string {
      switch (member.name) {
        case 'kind':
          return `"${is.toUpperCase()}"`
        case 'cursor':
          return cursor === undefined ? 'null' : JSON.stringify(cursor)
        case 'gap':
          return is === 'gap' ? objectOf(member, gapText(texts)) : 'null'
        case 'event':
          return objectOf(member, texts.get('event'))
        default:
          return `"${present(message, 'a type').name}"`
      }
    }
  }

  function objectOf(member: Asked, text: string | undefined): string {
    assert(isObject(message), 'messages are objects')
    const below = present(message.getFields()[member.name], member.name).type
    return valueText(reading, { type: below, asked: member }, text)
  }
}

/** Positions are texts in GraphQL: its integers end too early. */
function gapText(texts: ReadonlyMap<string, string>): string {
  const position = (name: string): string => {
    const text = texts.get(name)
    return text === undefined ? 'null' : `"${text}"`
  }
  const reason = texts.get('reason') ?? '""'
  return `{"reason":${reason},"after":${position('after')},"upTo":${position('upTo')}}`
}

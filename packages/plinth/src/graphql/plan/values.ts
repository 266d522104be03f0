/** Owns the writing of values as they were selected: of answers of actions, of data of events. */

import {
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isListType,
} from 'graphql'
import { present } from '../../base/assert.ts'
import { cutItems, cutMembers } from '../answer/cut.ts'
import { isObject } from '../schema/setting.ts'
import { type Asked, collect, type Reading, setsOf } from './collect.ts'

/** A value and what of it was selected. */
export interface ValueAsked {
  readonly type: GraphQLOutputType
  readonly asked: Asked
}

/** A value of an action's answer, with what was selected of it. */
export function valueText(reading: Reading, value: ValueAsked, text: string | undefined): string {
  const { type, asked } = value
  const below = getNamedType(type)
  if (text === undefined || text === 'null') return 'null'
  if (!isObject(below)) return text
  if (isListType(getNullableType(type))) {
    return `[${cutItems(text)
      .map((item) => objectText(reading, { below, asked }, item))
      .join()}]`
  }
  return objectText(reading, { below, asked }, text)
}

function objectText(
  reading: Reading,
  { below, asked }: { readonly below: GraphQLObjectType; readonly asked: Asked },
  text: string,
): string {
  const members = cutMembers(text)
  const texts = collect(reading, below, setsOf(asked)).map((part) => {
    if (part.name === '__typename') return `"${part.key}":"${below.name}"`
    const { type } = present(below.getFields()[part.name], part.name)
    const value = valueText(reading, { type, asked: part }, members.get(part.name))
    return `"${part.key}":${value}`
  })
  return `{${texts.join()}}`
}

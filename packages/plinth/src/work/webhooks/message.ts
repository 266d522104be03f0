/** Owns messages to endpoints: who gets an event, and the bytes that they get. */

import type { Event } from '../../define/logic/logic.ts'

/** An event as its webhooks carry it. */
export interface EventFacts {
  readonly id: string
  /** `<kit>.<event>`. */
  readonly type: string
  readonly source: string
  readonly subject: string | null
  /** RFC 3339. */
  readonly time: string
  readonly data: unknown
}

/** What is delivered, byte for byte the same in every attempt. */
export interface MessageContent {
  readonly messageId: string
  readonly type: string
  readonly subject: string | null
  readonly contentType: string
  readonly body: string
}

/** The message of an event, in the format that an endpoint asks for. */
export function messageOf(event: EventFacts, format: 'standard' | 'cloudevents'): MessageContent {
  const { id: messageId, type, source, time, data } = event
  const subject = event.subject && cleanText(event.subject)
  const about = { messageId, type, subject }
  if (format === 'standard') {
    const body = jsonText({ type, timestamp: time, data })
    return { ...about, contentType: 'application/json', body }
  }
  const body = jsonText({
    ...{ specversion: '1.0', id: messageId, source, type, time },
    ...(subject === null ? {} : { subject }),
    ...{ datacontenttype: 'application/json', data },
  })
  return { ...about, contentType: 'application/cloudevents+json', body }
}

/** Where CloudEvents and columns allow no control characters, and no half of a character. */
function cleanText(subject: string): string {
  return subject.replace(/\p{Cc}+/gu, ' ').toWellFormed()
}

/** JSON without any control character: U+007F to U+009F may stand in it raw, but not in columns. */
function jsonText(value: object): string {
  return JSON.stringify(value).replace(/[\x7f-\x9f]/g, (one) => {
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

const audienceMax = 200

/**
 * The users, beside admins, whose endpoints may get an event. An event without an audience is for
 * admins alone: what an event tells is nobody else's business until somebody says so.
 */
export function audienceOf(event: Event | undefined, data: unknown): readonly string[] {
  const named = event?.audience?.(data as never) ?? []
  return [...new Set(typeof named === 'string' ? [named] : named)].slice(0, audienceMax)
}

/** The filters by which an endpoint can ask for a type. */
export function filtersOf(type: string): readonly string[] {
  return ['*', `${type.slice(0, type.indexOf('.'))}.*`, type]
}

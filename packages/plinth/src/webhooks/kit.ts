/** Owns the models of webhooks: endpoints, what is delivered to them, and every attempt at it. */

import { choice, id, instant, integer, json, list, text, url } from '../define/fields.ts'
import { kit } from '../define/kit.ts'
import { belongsTo, hasMany } from '../define/relation.ts'
import { nobody } from '../define/rule.ts'
import { identity } from '../identity/kit.ts'

const eventPattern = /^(?:\*|[a-z][a-zA-Z0-9]*\.(?:\*|[a-z][a-zA-Z0-9]*))$/

/** What an endpoint asks for: `*`, `<kit>.*` or `<kit>.<event>`. */
export const eventFilter = text({ max: 130, pattern: eventPattern })

/** Where a delivery stands. */
export const deliveryStatuses = ['pending', 'delivered', 'dead'] as const

/** How an attempt ended. */
export const attemptOutcomes = ['answered', 'refused', 'failed', 'timed_out'] as const

const large = { max: 2_097_152, trim: false, multiline: true } as const

/**
 * Webhooks to others. An app that has this kit delivers its events to the endpoints of its users.
 * A user sees and changes their own endpoints and what was delivered to them, the role `admin` all.
 * Endpoints are made by `POST /api/webhooks/add-endpoint`; their secrets are shown once.
 *
 * @example app({ kits: [shop, webhooks] })
 */
export const webhooks = kit('webhooks', {
  uses: [identity],
  models: {
    webhookEndpoint: {
      description: 'An address to which events are delivered (Standard Webhooks 1.0).',
      fields: {
        owner: belongsTo('user', { onDelete: 'cascade' }),
        url: url(),
        description: text({ max: 200, optional: true }),
        events: list(eventFilter, {
          ...{ min: 1, max: 100, default: ['*'] },
          description: 'Which events: `*`, `<kit>.*` or `<kit>.<event>`.',
        }),
        format: choice(['standard', 'cloudevents'], { default: 'standard' }),
        order: choice(['any', 'fifo'], {
          default: 'any',
          description: 'fifo: one after another; one that fails holds up those behind it.',
        }),
        concurrency: integer({ min: 1, max: 50, default: 5, description: 'Calls at once.' }),
        perMinute: integer({ min: 1, max: 100_000, optional: true, description: 'Calls at most.' }),
        status: choice(['on', 'off'], { default: 'on' }),
        offReason: text({ max: 300, optional: true }),
        failingSince: instant({ optional: true }),
        publicKeys: list(text({ max: 100 }), { default: [], description: 'To verify v1a with.' }),
        secrets: json({ default: [] }),
        deliveries: hasMany('webhookDelivery'),
      },
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id).or(me.is('admin')),
        // Staff who acts as the owner sends nothing of theirs elsewhere.
        update: ({ row, me }) =>
          row.ownerId.eq(me.id).and(me.impersonated.not()).or(me.is('admin')),
        delete: ({ row, me }) =>
          row.ownerId.eq(me.id).and(me.impersonated.not()).or(me.is('admin')),
        fields: {
          ownerId: { write: nobody },
          offReason: { write: nobody },
          failingSince: { write: nobody },
          publicKeys: { write: nobody },
          secrets: { read: nobody, write: nobody },
        },
      },
      indexes: [['status']],
    },
    webhookDelivery: {
      plural: 'webhookDeliveries',
      description: 'One message to one endpoint, and where it stands.',
      fields: {
        endpoint: belongsTo('webhookEndpoint', { onDelete: 'cascade' }),
        messageId: text({ max: 100, description: 'The header webhook-id.' }),
        type: text({ max: 130 }),
        subject: text({ max: 500, optional: true, multiline: true }),
        contentType: text({ max: 100 }),
        body: text(large),
        status: choice(deliveryStatuses, { default: 'pending' }),
        attempts: integer({ min: 0, default: 0 }),
        tries: integer({ min: 0, default: 0, description: 'Attempts since it was last begun.' }),
        nextAttemptAt: instant({ optional: true }),
        deliveredAt: instant({ optional: true }),
        lastStatus: integer({ optional: true, description: 'The HTTP status.' }),
        detail: text({ max: 300, optional: true, multiline: true }),
        log: hasMany('webhookAttempt', { by: 'delivery' }),
      },
      access: {
        read: ({ row, me }) => row.endpoint.ownerId.eq(me.id).or(me.is('admin')),
      },
      unique: [['endpoint', 'messageId']],
      indexes: [
        ['endpoint', 'createdAt'],
        ['status', 'createdAt'],
      ],
    },
    webhookAttempt: {
      description: 'One call of an endpoint, and its answer.',
      fields: {
        delivery: belongsTo('webhookDelivery', { onDelete: 'cascade' }),
        number: integer({ min: 1 }),
        outcome: choice(attemptOutcomes),
        status: integer({ optional: true, description: 'The HTTP status.' }),
        latencyMs: integer({ min: 0 }),
        detail: text({ max: 300, multiline: true }),
        answer: text({
          ...{ max: 1_024, trim: false, multiline: true },
          description: 'The first bytes of the answer.',
        }),
      },
      access: {
        read: ({ row, me }) => row.delivery.endpoint.ownerId.eq(me.id).or(me.is('admin')),
      },
    },
  },
})

/** An endpoint was switched off by itself, because it failed for days or said that it is gone. */
export const endpointDisabled = webhooks.event(
  'endpointDisabled',
  {
    endpoint: id('webhookEndpoint'),
    owner: id('user'),
    url: text({ max: 4_096 }),
    reason: text({ max: 300 }),
  },
  { subject: ({ endpoint }) => endpoint, audience: ({ owner }) => owner },
)

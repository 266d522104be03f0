/** Owns the wiring of webhooks, outgoing and incoming, and of the pages beside the API. */

import { Failure } from '../../base/failure.ts'
import { sealer } from '../../base/secret/sealer.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'
import type { App } from '../../define/kit.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Action, InputGuards, Runtime } from '../../engine/runtime.ts'
import type { Handler } from '../../http/message.ts'
import { readArray } from '../../kinds/kinds.ts'
import type { MailSettings } from '../../mail/settings.ts'
import { classOf } from '../../outbound/address.ts'
import { type OutboundPolicy, outboundPolicy, urlProblem } from '../../outbound/target.ts'
import { createIncoming } from '../../rest/incoming.ts'
import { createMailbox, type MailboxMail } from '../../rest/mailbox.ts'
import { webhookActions } from '../../webhooks/flows.ts'
import { webhooks } from '../../webhooks/kit.ts'
import type { Runner } from '../../work/lease.ts'
import { deliveryRunner } from '../../work/webhooks/deliver.ts'
import { fanOutRunners, hasWebhooks, withFanOut } from '../../work/webhooks/fan-out.ts'
import { filtersOf } from '../../work/webhooks/message.ts'
import { webhookOffice } from '../../work/webhooks/office.ts'
import { deliveryJob, replayJob, type WebhookParts } from '../../work/webhooks/parts.ts'
import { receive, webhookRunners } from '../../work/webhooks/receive.ts'
import { replayRunner } from '../../work/webhooks/replay.ts'
import { deriveKey } from '../config/secret.ts'

export { type OutboundPolicy, outboundPolicy, type WebhookParts, withFanOut }

/** What outgoing webhooks stand on: the app's secret, and which addresses may be called. */
export interface WebhookSetup {
  readonly secret: string
  readonly production: boolean
  readonly outbound?: OutboundPolicy | undefined
}

/** What webhooks are sent with, made when they are first asked for: then there is a runtime. */
export function webhookParts(runtime: () => Runtime, setup: WebhookSetup): () => WebhookParts {
  const policy = setup.outbound ?? outboundPolicy({ production: setup.production })
  let made: WebhookParts | undefined
  return () => {
    const key = (): Uint8Array => deriveKey(setup.secret, 'webhook-secrets')
    made ??= { runtime: runtime(), policy, sealer: sealer(key()) }
    return made
  }
}

/**
 * What is demanded of an endpoint when it is stored, by whichever door and by whatever operation:
 * an address that may be called, and events that there are.
 */
export function webhookGuards(parts: () => WebhookParts): InputGuards {
  return new Map([
    [
      'webhookEndpoint',
      (values) => {
        const [url, events] = [values.get('url'), values.get('events')]
        const detail = typeof url === 'string' ? urlProblem(url, parts().policy) : undefined
        const foreign =
          detail === undefined ? [] : [{ pointer: '/url', code: 'bad_address', detail }]
        return events ? [...foreign, ...filterProblems(readArray(events), parts())] : foreign
      },
    ],
  ])
}

/** Who mistypes an event would wait for it for ever. The names of events stand in the document. */
function filterProblems(
  filters: readonly (string | null)[],
  { runtime }: WebhookParts,
): { readonly pointer: string; readonly code: string; readonly detail: string }[] {
  const types = [...runtime.catalog.logic.events.keys()]
  const known = new Set(types.flatMap(filtersOf))
  return filters.flatMap((given, index) => {
    const filter = given ?? ''
    if (known.has(filter)) return []
    const near = suggestionOrStop(filter, known)
    const detail = `No event is called "${filter}"${near}`
    return [{ pointer: `/events/${index}`, code: 'not_in_choices', detail }]
  })
}

/** The actions of webhooks, where the app has their kit. `parts` are asked for when called. */
export function outgoingActions(
  { kits }: Pick<App<unknown>, 'kits'>,
  parts: () => WebhookParts,
): readonly Action[] {
  const uses = (list: App<unknown>['kits']): boolean =>
    list.some((kit) => (kit as unknown) === webhooks || uses(kit.uses))
  return uses(kits) ? webhookActions(webhookOffice(parts)) : []
}

/** Who runs the jobs of webhooks that touch our own database alone. */
export function hookRunners(runtime: Runtime): readonly (readonly [string, Runner])[] {
  const incoming = webhookRunners(runtime)
  if (!hasWebhooks(runtime.catalog)) return incoming
  return [...incoming, ...fanOutRunners(runtime), [replayJob, replayRunner(runtime)]]
}

/** Who runs the jobs that call endpoints. */
export function deliveryRunners(
  runtime: Runtime,
  parts: WebhookParts,
): readonly (readonly [string, Runner])[] {
  return hasWebhooks(runtime.catalog) ? [[deliveryJob, deliveryRunner(parts)]] : []
}

/** What is served beside the API: incoming webhooks, and the mailbox of development. */
export function besideApi(
  runtime: Runtime,
  { production, mail }: { readonly production: boolean; readonly mail: MailSettings },
): ReadonlyMap<string, Handler> {
  const places = new Map<string, Handler>()
  const { logic } = runtime.catalog
  if (logic.webhooks.size > 0) {
    places.set(
      'webhooks',
      createIncoming((incoming) => receive(runtime, incoming)),
    )
  }
  if (!production && logic.mails.size > 0) places.set('mailbox', mailboxOf(runtime, mail))
  return places
}

function mailboxOf(runtime: Runtime, { from }: MailSettings): Handler {
  const records = recordAccess(runtime, runtime.database)
  const find = async (query: object): Promise<readonly MailboxMail[]> =>
    (await records.find('mail', query)) as unknown as readonly MailboxMail[]
  const pages = createMailbox({
    latest: () => find({ sort: ['-createdAt', '-id'], limit: 100 }),
    find: async (id) => (await find({ filter: { id }, limit: 1 }))[0],
    sender: from.name === '' ? from.address : `${from.name} <${from.address}>`,
  })
  return (request) => {
    // Mails hold links that sign people in: who forgot NODE_ENV=production shows them to nobody.
    if (near.has(classOf(request.remoteAddress))) return pages(request)
    throw new Failure('not_found')
  }
}

const near: ReadonlySet<string> = new Set(['loopback', 'private', 'link-local'])

/** A handler that knows places beside its own. */
export function withPlaces(handler: Handler, places: ReadonlyMap<string, Handler>): Handler {
  if (places.size === 0) return handler
  return (request) => (places.get(request.segments[0] ?? '') ?? handler)(request)
}

/** Owns what stands above every page while a member of staff acts as somebody. */

import { type Html, html } from '../../define/html.ts'
import type { Acting } from '../visit.ts'
import { button } from './parts.ts'

/**
 * Who acts as whom, why, for how long, and the way out. It belongs to the frame: an app that draws
 * its pages itself has it all the same.
 */
export function actingBanner({ as, by, reason, until, minutesLeft }: Acting): Html {
  const left = minutesLeft === 1 ? '1 minute' : `${minutesLeft} minutes`
  return html`<aside class="acting" aria-label="Acting as somebody else">
<p><strong>You act as ${as}.</strong> You are ${by}. Reason: ${reason}.
<time datetime="${until}">${left} left.</time></p>
${button('/account/sign-out', 'End', { weight: 'main', about: `acting as ${as}` })}
</aside>`
}

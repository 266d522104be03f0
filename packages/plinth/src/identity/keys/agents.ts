/** Owns what a user lends to agents: tokens that end soon, and end together. */

import { limits } from '../../base/limits.ts'
import type { Action } from '../../engine/runtime.ts'
import { textKind } from '../../kinds/kinds.ts'
import { given, type IdentityParts, operation } from '../flows/operation.ts'
import { endAgents } from '../flows/sessions.ts'
import { demandUser } from '../flows/sign-in.ts'
import { mailedName } from '../mail/names.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import * as asked from './asked.ts'
import { boundInput, boundTo } from './bound.ts'

/** Makes a token for an agent, shown this once. */
export function makeAgentToken(parts: IdentityParts): Action {
  return {
    operation: operation('makeAgentToken', {
      path: 'make-agent-token',
      description:
        'Makes a token by which an agent or a tool acts in your name, as far as its scopes say ' +
        'and the rules let agents. Shown this once. Asks for a fresh proof; a mail tells of it.',
      input: [
        given('agent', textKind({ min: 1, max: 100 }), 'What the agent or the tool is called.'),
        asked.scopesInput,
        asked.daysInput(limits.agentTokenDaysMax, limits.agentTokenDays),
        boundInput,
      ],
    }),
    async run(scope) {
      const userId = asked.demandMaker(scope)
      const { input, nowMs } = scope
      const scopes = asked.wordsOf(input.scopes)
      asked.demandReadable(parts, { scopes, networks: [] })
      const expiresAt = asked.inDays(nowMs, input.expiresInDays, limits.agentTokenDays)
      const { token, hash } = parts.tokens.makeKey(prefixes.agent)
      const made = { name: String(input.agent), prefix: asked.shownPrefix(token) }
      const shown = { ...made, scopes, expiresAt }
      const value = await scope.commit<object, Sight>(async (inside) => {
        await asked.demandStillMaker(scope, inside, userId)
        const bound = await boundTo(inside, { userId, organisation: input.organisation })
        const most = limits.agentTokensPerUserMax
        const { agentToken, user } = inside.data.unrestricted
        const living = { userId, expiresAt: { gt: inside.now } }
        asked.demandRoom((await agentToken.find({ filter: living, limit: most })).data, most)
        const { id } = await agentToken.create({ userId, ...shown, ...bound, tokenHash: hash })
        const agent = mailedName(made.name, 'without a name')
        const what = `An agent was given a token: “${agent}”. If it was not you, end it.`
        await tellOfChange(parts, inside, { to: (await user.get(userId)).email, what })
        return { id, token, ...shown, organisationId: bound.organisationId }
      })
      return { status: 200, value }
    },
  }
}

/** Ends all of them: nothing acts in the user's name that they have not signed in themselves. */
export function endAgentTokens(): Action {
  return {
    operation: operation('endAgentTokens', {
      path: 'end-agent-tokens',
      description: 'Ends the tokens of all agents. They are dead for the next call.',
      input: [],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      await scope.commit<void, Sight>((inside) => endAgents(inside, userId))
      return { status: 204, value: undefined }
    },
  }
}

/** Owns the entry point of the client's hooks for React 19. */

export type {
  ActionState,
  ActionUse,
  ChannelOptions,
  ChannelUse,
  EventsUse,
  Feeding,
  Following,
  Hooks,
  PresenceUse,
  ProviderProperties,
  Query,
  ReadOf,
  Seeing,
  Show,
} from './client/react/hook-types.ts'
export { createHooks } from './client/react/hooks.ts'

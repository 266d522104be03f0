/** Owns the entry point of the client's hooks for React 19. */

export {
  type ActionState,
  type ActionUse,
  createHooks,
  type Hooks,
  type Query,
  type ReadOf,
  type Show,
} from './client/react/hooks.ts'

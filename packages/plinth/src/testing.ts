/** Owns the testing entry point: an app on a fresh database, callers at will, a movable clock. */

export type { LocalResponse } from './app/local-request.ts'
export type { LocalServer, LocalServerOptions } from './app/local-server.ts'
export { type MovableClock, movableClock } from './base/time.ts'
export {
  type TestApp,
  type TestCaller,
  type TestMail,
  type TestMember,
  type TestMembership,
  type TestOptions,
  type TestRequest,
  type TestUser,
  type TestUserOptions,
  testApp,
} from './testing/test-app.ts'

/** Owns the server's entry point: running an app from code, and declaring imports. */

export { anonymous, type Caller } from './access/caller.ts'
export { type AppParts, type AppSetup, openApp, type RunningApp } from './app/compose.ts'
export { type Config, readConfig } from './app/config/config.ts'
export { type LoadedApp, loadApp } from './app/file/load-app.ts'
export type { ServiceTokenOptions } from './app/services/claims.ts'
export { serviceTokens } from './app/services/credential.ts'
export { type Clock, systemClock } from './base/time.ts'
export { parseDatabaseUrl } from './database/address.ts'
export type { DatabaseAddress } from './database/database.ts'
export {
  type EmbeddedOptions,
  type EmbeddedServer,
  startEmbedded,
} from './database/embedded/server.ts'
export type { Call, Reply } from './engine/call.ts'
export type { Handler, HttpRequest, HttpResponse } from './http/message.ts'
export {
  type BoundAddress,
  HttpServer,
  type HttpServerOptions,
  type ListenAddress,
} from './http/server.ts'
export { type Cell, type CellOptions, cell } from './transfer/import/cells.ts'
export { type Importer, type ImporterSpec, importer } from './transfer/import/importer.ts'

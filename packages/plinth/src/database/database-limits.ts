/** Owns the caps that a database can be given instead of those of base/limits. */

/** The caps of a database. Default: those of base/limits. */
export interface DatabaseLimits {
  readonly poolConnectionsMax: number
  readonly pipelineConnections: number
  readonly slowReadConnections: number
  readonly storingConnections: number
  readonly spareConnections: number
  readonly quickReadsPerConnectionMax: number
  readonly quickReadsLoadMs: number
  readonly storesPerConnectionMax: number
  readonly slowReadsPerCallerMax: number
  readonly slowStoresPerCallerMax: number
  readonly statementsWaitingMax: number
  readonly statementsWaitingPerCallerMax: number
  readonly sharedTransactionsMax: number
  readonly sharedWorksMax: number
  readonly sharedWorkMs: number
  readonly acquireQueueMax: number
  readonly acquireTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly idleInTransactionTimeoutMs: number
  readonly transactionTimeoutMs: number
  readonly transactionAttemptsMax: number
  readonly statementCacheMax: number
  readonly statementCacheCharactersMax: number
  readonly preparedTextCharactersMax: number
}

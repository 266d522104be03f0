/** Owns the dispatch of model operations. */

import type { ModelOperation } from '../catalog/catalog.ts'
import type { Reply } from './call.ts'
import { demandScope } from './operations/permit.ts'
import { runGet, runList } from './operations/reads.ts'
import { runUpsert } from './operations/upsert.ts'
import { runCreate, runDelete, runUpdate } from './operations/writes.ts'
import type { Scope } from './runtime.ts'

/** Runs one operation of a model in a session, as the scope's caller. */
export async function runModelOperation(scope: Scope, operation: ModelOperation): Promise<Reply> {
  return await beginModelOperation(scope, operation)
}

/** The same; what is known at once is told at once, and what is refused at once is thrown. */
export function beginModelOperation(
  scope: Scope,
  operation: ModelOperation,
): Reply | Promise<Reply> {
  demandScope(scope.caller, operation)
  const { type, model } = operation
  switch (type) {
    case 'list':
      return runList(scope, model)
    case 'get':
      return runGet(scope, model)
    case 'create':
      return runCreate(scope, model)
    case 'update':
      return runUpdate(scope, model)
    case 'delete':
      return runDelete(scope, model)
    case 'upsert':
      return runUpsert(scope, model)
  }
}

/** Owns the running of workflows as jobs: one for each, which waits where the workflow waits. */

import { randomFraction } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { CatalogLogic } from '../../catalog/logic/logic.ts'
import type { ErasedRun, Workflow } from '../../define/logic/logic.ts'
import { workflowJob } from '../../effects/workflows/start.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Runner } from '../lease.ts'
import { activate, type FoundProgram } from './activation.ts'
import type { Instance } from './journal.ts'
import { workflowScope } from './scope.ts'
import { SqlJournal, type WorkflowStepScope } from './store/sql-journal.ts'

const dayMs = 86_400_000
const retentionDays = 30
// Nodes with the new code may be on their way.
const unknownRetryMs = 30_000

/** The runner of workflows, and the name of its jobs. */
export function workflowRunner(runtime: Runtime): readonly [string, Runner] {
  const { workflows } = runtime.catalog.logic
  const caps = {
    stepsMax: limits.workflowStepsMax,
    resultBytesMax: limits.workflowResultBytesMax,
    stallMs: limits.workflowStallMs,
  }
  const keepMs = (name: string): number =>
    (workflows.get(name)?.retentionDays ?? retentionDays) * dayMs
  const runner: Runner = {
    queue: workflowJob,
    timeoutMs: limits.workflowActivationTimeoutMs,
    // What keeps a workflow from going on is never its end.
    retry: { attemptsMax: Number.MAX_SAFE_INTEGER, delayMs: 200, delayMsMax: 60_000 },
    run: (lease) => {
      const { id } = JSON.parse(lease.job.input) as { readonly id: string }
      const { clock, newId } = runtime
      return activate({
        journal: new SqlJournal({ runtime, lease, id, keepMs }),
        ...{ clock, newId, fraction: randomFraction, aborted: lease.aborted, caps },
        programOf: (instance) => programOf(runtime, instance),
      })
    },
  }
  return [workflowJob, runner]
}

function programOf(runtime: Runtime, instance: Instance): FoundProgram<WorkflowStepScope> {
  const { catalog } = runtime
  const run = codeOf(catalog.logic, instance)
  if (typeof run === 'string') return { missing: run, retryMs: unknownRetryMs }
  return {
    program: (steps, { id }) => run(workflowScope(catalog, steps, { ...instance, id }) as never),
  }
}

/** The code with which an instance began, or why it is not there. */
function codeOf({ workflows }: CatalogLogic, { name, version }: Instance): ErasedRun | string {
  const workflow: Workflow | undefined = workflows.get(name)
  if (workflow === undefined) {
    return `There is no workflow ${name} in this app: declare it again, or cancel the instance.`
  }
  const run = workflow.version === version ? workflow.run : workflow.earlier[version]
  if (run !== undefined) return run
  const has = `${name} has version ${workflow.version}`
  return `${has}, the instance began with ${version}: keep that code under earlier[${version}].`
}

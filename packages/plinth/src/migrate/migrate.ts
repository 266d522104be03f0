/** Owns the list of what `migrate/` offers to the rest. */

export type { Examination, Obstacle } from './apply/examine.ts'
export { type InternalSchema, type InternalStep, internalSchema } from './apply/internal.ts'
export type { Expectation, Safety, Step } from './diff/step.ts'
export { type AppliedFiles, type ApplyFilesOptions, applyFiles } from './files/apply-files.ts'
export type { FileState, FileStatus } from './files/directory.ts'
export { type Plan, type PlanOptions, planFile } from './files/plan.ts'
export {
  type MigrationStatus,
  migrationStatus,
  requireSchema,
  type StatusOptions,
} from './files/status.ts'
export { type Followed, type FollowOptions, followDeclaration, type Question } from './follow.ts'
export { stepLines } from './lines.ts'

/** Owns the first lines of a worker: compiled code is kept on disk before any of it is loaded. */

import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./worker.ts')

/** Owns the server process under the supervisor: starts the app and serves it. */

import { present } from '../../base/assert.ts'
import { systemClock } from '../../base/time.ts'
import { awaitServer } from '../../database/embedded/running.ts'
import { answeringTo, opensFor } from '../../http/origin/hosts.ts'
import { HttpServer } from '../../http/server.ts'
import { readConfig } from '../config/config.ts'
import { createLog } from '../log.ts'
import { startApp } from '../start.ts'
import { runWorker, type Service } from '../supervisor/worker-link.ts'
import { isLocal } from './exposure.ts'
import { giveMemoryBack } from './idle-memory.ts'
import type { WorkerTask } from './task.ts'

const task = JSON.parse(present(process.argv[2], 'the task of the worker')) as WorkerTask
const config = readConfig({ appFile: task.appFile })
const log = createLog({ level: config.logLevel, clock: systemClock, plain: task.plain })

async function start(): Promise<Service> {
  // The embedded server is the supervisor's, so that it outlives this process.
  const database = config.database ?? awaitServer(config.dataDirectory, process.ppid)
  const { work } = config
  const { running } = await startApp({ ...task, config, database, log, work, serves: true })
  const { trustedProxies, publicUrl } = config
  const { handler, sockets } = running
  const own = !config.production && isLocal(config)
  const server = new HttpServer({
    handler: own ? answeringTo(handler, publicUrl) : handler,
    sockets: own ? opensFor(sockets, publicUrl) : sockets,
    ...{ log, trustedProxies, publicUrl },
  })
  giveMemoryBack()
  return { server, drain: () => running.worker.drain(), stop: () => running.close() }
}

await runWorker({ start, log })

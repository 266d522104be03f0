/** Owns the client of the store: typed by its declaration, of which nothing is loaded. */

import { createClient } from 'plinth/client'
import { createHooks } from 'plinth/client/react'
import type store from '#server/app'
import { askForProof } from './proof.ts'

type Store = typeof store

/** The client. Its session is a cookie that no script can read. */
export const client = createClient<Store>({ url: '', session: 'cookie', onStepUp: askForProof })

export const { ClientProvider, useAction, useClient, useLive, useMe, useQuery } =
  createHooks<Store>()

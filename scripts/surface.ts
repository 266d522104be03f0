/** Owns the command that rewrites tests/surface.txt, the checked-in list of public names. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderSurface, surfaceFile } from '../tests/tidy/lists/surface.ts'
import { root } from '../tests/tidy/tree.ts'

const text = renderSurface()
writeFileSync(join(root, surfaceFile), text)
process.stdout.write(`${surfaceFile}: ${text.split('\n').length - 1} lines\n`)

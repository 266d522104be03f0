/** Owns `npm run build`: the package compiled, staged in dist/plinth, packed and checked. */

import { join, relative } from 'node:path'
import { checkPackage } from './build/checks.ts'
import { buildPackage, packPackage, root } from './build/package.ts'

const compiled = join(root, 'packages', 'plinth', 'dist')
const staged = buildPackage({ compiled, staged: join(root, 'dist', 'plinth') })
const tarball = packPackage(staged, join(root, 'dist'))
await checkPackage(staged, tarball)
process.stdout.write(
  `${relative(root, tarball)} is ready: npm publish ${relative(root, tarball)}\n`,
)

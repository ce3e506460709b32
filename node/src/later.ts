import { createRequire } from 'node:module'

/**
 * @internal A module of Node's that few programs need of this package, loaded when it is first used: some take longer
 * than all of ours. (Neither `require` nor `import()` stands in every bundle and test runner.)
 */
export const later = <T>(name: string): T => createRequire(process.execPath)(name) as T

import { requireOf } from './platform'

/**
 * @internal A module of Node's that few programs need of this package, loaded when it is first used: some take longer
 * than all of ours. (Neither `require` nor `import()` stands in every bundle and test runner.)
 */
export const later = <T>(name: string): T => requireOf(process.execPath)(name) as T

// Written by `cargo xtask npm`.

/** The version of this package. */
export const version = '0.1.0'

/** @internal The platforms that have packages. */
export const platforms: readonly string[] = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
]

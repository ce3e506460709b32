// The same classes as `require` gives.
export * from './dist/index.js'

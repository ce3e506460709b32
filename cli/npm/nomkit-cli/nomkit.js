#!/usr/bin/env node
// Runs the command of this platform and ends as it does. `platform.js` is the one of the package `nomkit`.
'use strict'
const { spawn } = require('node:child_process')
const { commandOf } = require('./platform.js')

try {
  run(commandOf(__filename))
} catch (error) {
  fail(error)
}

function run(program) {
  let child
  // Heard before there is a child: none is ever left behind. A terminal tells both; the command bears hearing it twice.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
  child = spawn(program, process.argv.slice(2), { stdio: 'inherit' })
  child.once('error', fail)
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function fail(error) {
  console.error(`nomkit: ${error.message}`)
  process.exit(2)
}

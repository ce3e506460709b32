package dev.nomkit.programs

import dev.nomkit.Emulator
import kotlinx.coroutines.runBlocking

/** Holds an emulator until it is killed. */
fun main() {
    println(runBlocking { Emulator.start() }.url)
    Thread.sleep(Long.MAX_VALUE)
}

package dev.nomkit.programs

import dev.nomkit.Emulator
import kotlinx.coroutines.runBlocking

/** Leaves an emulator to itself. */
fun main() = println(runBlocking { Emulator.start() }.url)

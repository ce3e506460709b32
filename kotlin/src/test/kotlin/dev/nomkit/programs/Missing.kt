package dev.nomkit.programs

import dev.nomkit.ConfigException
import dev.nomkit.Nomic

/** Says what a client is without its library, again and again. */
fun main() =
    repeat(2) {
        try {
            Nomic(domain = "acme", apiKey = "npk_none")
        } catch (error: ConfigException) {
            println(error.message)
        }
    }

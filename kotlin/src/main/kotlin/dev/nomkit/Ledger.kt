package dev.nomkit

import java.io.Serializable

/**
 * The emulator's truth, as JSON.
 *
 * @property requests what it received, did and answered, in order
 * @property agents the agents that it has
 * @property files the files that it has
 */
data class Ledger(
    val requests: List<Map<String, JsonValue>>,
    val agents: List<Map<String, JsonValue>>,
    val files: List<Map<String, JsonValue>>,
) : Serializable

/**
 * How far a fault has come.
 *
 * @property hits how many requests met it
 * @property completed how many felt it to its end
 * @property all whatever the emulator tells of it
 */
data class FaultReport(val hits: Int, val completed: Int, val all: Map<String, JsonValue>) : Serializable

/**
 * What an emulator allows a user in a minute.
 *
 * @property enabled whether it limits at all
 * @property standard reads and stops
 * @property write small changes
 * @property heavy uploads, launches and follow-ups
 * @property search searches of codes
 * @property burst how many may come at once; `null`: a whole minute's worth
 */
data class RateLimits(
    val enabled: Boolean,
    val standard: Int,
    val write: Int,
    val heavy: Int,
    val search: Int,
    val burst: Int?,
) : Serializable {
    internal constructor(told: JsonMap) : this(
        told.flag("enabled"),
        told.int("standard"),
        told.int("write"),
        told.int("heavy"),
        told.int("search"),
        told.intOrNull("burst"),
    )
}

internal fun JsonMap.objects(name: String): List<JsonMap> =
    list(name).mapNotNull { (it as? JsonValue.Object)?.fields }

internal fun JsonMap.int(name: String): Int = intOrNull(name) ?: 0

internal fun JsonMap.intOrNull(name: String): Int? = (this[name]?.toPlain() as? Number)?.toInt()

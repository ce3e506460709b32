// JSON that the platform, or the emulator, made: rows of tables, and what this version does not know.
@file:JvmName("Json")

package dev.nomkit

/** As plain values: `null`, [Boolean], [Long], [Double], [String], [List] and [Map]. */
fun JsonValue.toPlain(): Any? =
    when (this) {
        is JsonValue.Null -> null
        is JsonValue.Bool -> value
        is JsonValue.Int -> value
        is JsonValue.Float -> value
        is JsonValue.Text -> value
        is JsonValue.Array -> items.map { it.toPlain() }
        is JsonValue.Object -> fields.toPlain()
    }

/** The same for a row, or whatever else maps names to JSON. */
fun Map<String, JsonValue>.toPlain(): Map<String, Any?> = mapValues { (_, value) -> value.toPlain() }

/** A member of an object; `null` if this is no object, or has no such member. */
operator fun JsonValue.get(name: String): JsonValue? = (this as? JsonValue.Object)?.fields?.get(name)

/** An item of an array; `null` if this is no array, or has no such item. */
operator fun JsonValue.get(index: Int): JsonValue? = (this as? JsonValue.Array)?.items?.getOrNull(index)

/**
 * Plain values as JSON.
 *
 * @param value `null`, a truth value, a number, text, an iterable, an array or a map of these, or JSON; else its text
 */
internal fun json(value: Any?): JsonValue =
    when (value) {
        null -> JsonValue.Null
        is JsonValue -> value
        is Boolean -> JsonValue.Bool(value)
        is Byte, is Short, is Int, is Long -> JsonValue.Int((value as Number).toLong())
        is Number -> JsonValue.Float(value.toDouble())
        is Iterable<*> -> JsonValue.Array(value.map(::json))
        is Array<*> -> JsonValue.Array(value.map(::json))
        is Map<*, *> -> JsonValue.Object(value.entries.associate { (name, held) -> name.toString() to json(held) })
        else -> JsonValue.Text(value.toString())
    }

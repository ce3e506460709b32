package dev.nomkit

import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** Anything that nomkit reports. Its subclasses say what it was; [code] says so too, in one stable word. */
open class NomkitException internal constructor(internal val info: ErrorInfo) : RuntimeException(info.message) {
    /** What happened, to which operation, and what to do next. */
    override val message: String get() = info.message

    /** One word for machines; it picks the class. */
    val code: String get() = info.code

    /** The HTTP status, if the server answered. */
    val status: Int? get() = info.status

    /** The server's own word for it. */
    val serverCode: String? get() = info.serverCode

    /** The server's name for the request, if it gave one. */
    val requestId: String? get() = info.requestId

    /** How many times the request was made. */
    val attempts: Int get() = info.attempts

    /** From the first attempt to this error. */
    val elapsed: Duration get() = info.elapsed.seconds

    /** Whether the same call may succeed later. */
    val retryable: Boolean get() = info.retryable

    /** Whether the last request reached the server; `null` if there was none. */
    val outcome: RequestOutcome? get() = info.outcome

    /** The files that had been uploaded before the call failed. */
    val uploaded: List<File> get() = info.uploaded

    /** The fields of its class alone, as the core names them. */
    val details: Map<String, JsonValue> get() = info.details
}

internal fun JsonMap.textOrNull(name: String): String? = (this[name] as? JsonValue.Text)?.value

internal fun JsonMap.text(name: String): String = textOrNull(name).orEmpty()

internal fun JsonMap.flag(name: String): Boolean = (this[name] as? JsonValue.Bool)?.value ?: false

internal fun JsonMap.list(name: String): List<JsonValue> = (this[name] as? JsonValue.Array)?.items.orEmpty()

internal fun JsonMap.secondsOrNull(name: String): Duration? =
    when (val value = this[name]) {
        is JsonValue.Float -> value.value.seconds
        is JsonValue.Int -> value.value.seconds
        else -> null
    }

package dev.nomkit.blocking

import dev.nomkit.NomkitException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.runBlocking
import java.time.Duration
import java.util.function.Consumer
import kotlin.time.toKotlinDuration

/** Makes a call in the caller's thread, which is blocked until it ends; interrupting the thread gives the call up. */
@JvmSynthetic
internal fun <T> blocking(work: suspend () -> T): T =
    try {
        runBlocking { work() }
    } catch (error: NomkitException) {
        // So that its trace leads to the caller.
        throw error.apply { fillInStackTrace() }
    } catch (interrupted: InterruptedException) {
        Thread.currentThread().interrupt()
        throw CancellationException("The call was given up: its thread was interrupted.").apply {
            initCause(interrupted)
        }
    }

@JvmSynthetic
internal fun Duration?.kotlin(): kotlin.time.Duration? = this?.toKotlinDuration()

@JvmSynthetic
internal fun <T> Consumer<T>?.kotlin(): ((T) -> Unit)? = this?.let { it::accept }

package dev.nomkit

import com.sun.jna.Platform
import dev.nomkit.bridge.CancelHandle
import dev.nomkit.bridge.Failure
import dev.nomkit.bridge.Told
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.time.Duration
import kotlin.time.DurationUnit

/** Runs one native call. Cancelling the coroutine gives it up, and with it the request that is in flight. */
internal suspend fun <T> call(work: suspend (CancelHandle) -> T): T =
    apart {
        CancelHandle().use { cancel ->
            val inFlight = Job(currentCoroutineContext().job)
            // Told in the thread that cancels, so that nothing starts afterwards. By then the call may be over.
            inFlight.invokeOnCompletion { cause -> if (cause != null) runCatching { cancel.cancel() } }
            try {
                work(cancel)
            } catch (failure: Failure) {
                currentCoroutineContext().ensureActive()
                throw failure.exception()
            } finally {
                inFlight.complete()
            }
        }
    }

/** The same, with what goes on beside it in the caller's own context: who listens, and what is read. */
internal suspend fun <T> call(
    onProgress: ((Progress) -> Unit)?,
    readings: List<Reading>,
    work: suspend (CancelHandle, Told?) -> T,
): T =
    try {
        coroutineScope {
            val beside = Job(coroutineContext.job)
            val told = onProgress?.let { Told() }
            val over = AtomicBoolean()
            try {
                readings.forEach(Reading::begin)
                val listening = told?.let { launch(beside) { theirs(beside, over) { it.forEach(onProgress) } } }
                readings.forEach { launch(beside) { theirs(beside, over) { it.run() } } }
                call { cancel -> work(cancel, told).also { over.set(true) } }.also { listening?.join() }
            } finally {
                beside.cancel()
                readings.forEach(Reading::end)
                told?.close()
            }
        }
    } catch (thrown: Thrown) {
        throw thrown.by
    }

/** What the caller's own code threw, cancellations among it, which would otherwise end that code and nothing else. */
private class Thrown(val by: Throwable) : RuntimeException(by)

/** Runs code of the caller's. What it throws ends the call, unless that was given up, or has its result already. */
private suspend fun theirs(beside: Job, over: AtomicBoolean, code: suspend () -> Unit) {
    try {
        code()
    } catch (by: Throwable) {
        beside.ensureActive()
        if (!over.get()) throw Thrown(by)
    }
}

private suspend fun Told.forEach(onProgress: (Progress) -> Unit) {
    while (true) {
        onProgress(apart { next() } ?: return)
    }
}

/** What needs no waiting. */
internal fun <T> now(work: () -> T): T =
    try {
        work()
    } catch (failure: Failure) {
        throw failure.exception()
    } catch (missing: LinkageError) {
        throw config(
            "The native library of nomkit for ${Platform.RESOURCE_PREFIX} cannot be loaded; ${missing.message}. " +
                "Use a package of nomkit that has it.",
            missing,
        )
    }

private fun Failure.exception(): Exception =
    when (this) {
        is Failure.Failed -> error
        is Failure.Cancelled -> CancellationException("The call was given up.")
    }

internal fun Duration?.orNull(): Double? = this?.toDouble(DurationUnit.SECONDS)

internal fun waiting(timeout: Duration?): WaitOptions {
    val endless = timeout == Duration.INFINITE
    return WaitOptions(timeout.takeUnless { endless }.orNull(), endless)
}

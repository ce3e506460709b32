package dev.nomkit

import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import kotlin.coroutines.ContinuationInterceptor

/** Where native calls are driven and their results read. No code but ours runs there, so that nobody can hold it up. */
private val driving: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(4, "nomkit")

/** Where code runs that may block: it has a thread for each that does, and takes none from the caller's dispatchers. */
internal val blocking: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(Int.MAX_VALUE, "nomkit-blocking")

/**
 * Drives something native apart from the caller's thread, which need not read large results, and apart from all
 * dispatchers that the caller may have blocked by waiting for it.
 */
internal suspend fun <T> apart(work: suspend () -> T): T {
    val context = currentCoroutineContext()
    val home = context[ContinuationInterceptor]
    // One whose caller has no thread to return to goes on wherever it was driven.
    if (home is CoroutineDispatcher && home.isDispatchNeeded(context)) return withContext(driving) { work() }
    return withContext(blocking) { withContext(driving) { work() } }
}

/** Waits for a native future. If that is cancelled when the result is there already, the result is taken and dropped. */
internal suspend inline fun resultOrTaken(
    take: () -> Any?,
    crossinline poll: (CancellableContinuation<Byte>) -> Unit,
): Byte =
    try {
        suspendCancellableCoroutine { poll(it) }
    } catch (cancelled: CancellationException) {
        runCatching { (take() as? AutoCloseable)?.close() }
        throw cancelled
    }

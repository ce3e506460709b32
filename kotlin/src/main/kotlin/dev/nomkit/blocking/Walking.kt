package dev.nomkit.blocking

import dev.nomkit.Walk
import kotlinx.coroutines.Job
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.job

/** One reader's way, step by step. After its end there is nothing more, whether it was closed, failed or came there. */
internal class Walking<T : Any>(private val walk: Walk<T>) : AbstractIterator<T>(), AutoCloseable {
    private val closed = Job()

    val isOver: Boolean get() = closed.isCompleted

    override fun computeNext() {
        var next: T? = null
        try {
            if (!isOver) next = blocking { step() }
        } catch (error: Exception) {
            // Whatever a step comes to that is closed from another thread.
            if (!isOver) throw error
        } finally {
            if (next == null) close().also { done() }
        }
        if (next != null) setNext(next)
    }

    private suspend fun step(): T? {
        val own = currentCoroutineContext().job
        val closing = closed.invokeOnCompletion { own.cancel() }
        try {
            return walk.next()
        } finally {
            closing.dispose()
        }
    }

    /** Gives up the step that is under way. */
    override fun close() {
        closed.complete()
        walk.close()
    }
}

package dev.nomkit

import dev.nomkit.bridge.Feed
import dev.nomkit.bridge.Wanted
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.runInterruptible
import java.io.InputStream

/** As the core's own blocks: smaller ones cost throughput, larger ones memory. */
private const val BLOCK = 256 * 1024

/** Reads a source beside the call that sends it, as much as is wanted. */
internal abstract class Reading(private val feed: Feed) {
    /** What can be read once is refused if it was read before, or if another call has it. */
    fun begin() = now { feed.lend() }.also { hasBegun = true }

    private var hasBegun = false

    /** Until its end, or until it is cancelled; what goes wrong in it ends the call. */
    abstract suspend fun run()

    fun end() {
        if (hasBegun) feed.stop()
    }

    /** Nothing of the source is touched before this returns. */
    protected suspend fun wanted(): Wanted = apart { feed.wanted() } ?: awaitCancellation()

    protected fun give(wanted: Wanted, bytes: ByteArray) = feed.give(wanted, bytes)
}

/** Bytes in memory, which are read again whenever they are sent again. */
internal class BytesReading(feed: Feed, private val bytes: ByteArray) : Reading(feed) {
    override suspend fun run() =
        apart {
            while (true) {
                val wanted = wanted()
                val from = wanted.offset.toInt()
                give(wanted, bytes.copyOfRange(from, minOf(from + BLOCK, bytes.size)))
            }
        }
}

internal class StreamReading(feed: Feed, private val input: InputStream) : Reading(feed) {
    override suspend fun run() =
        apart {
            // What crosses contexts as an exception may arrive as a copy.
            runCatching {
                val block = ByteArray(BLOCK)
                do {
                    val wanted = wanted()
                    val count = detached { input.fill(block) }
                    give(wanted, block.copyOf(count))
                } while (count > 0)
            }
        }.getOrThrow()
}

internal class FlowReading(feed: Feed, private val chunks: Flow<ByteArray>) : Reading(feed) {
    override suspend fun run() {
        var wanted: Wanted? = wanted()
        chunks.collect { chunk ->
            // Some flows look at nothing while they give chunk after chunk with nothing in it.
            currentCoroutineContext().ensureActive()
            for (from in chunk.indices step BLOCK) {
                give(wanted ?: wanted(), chunk.copyOfRange(from, minOf(from + BLOCK, chunk.size)))
                wanted = null
            }
        }
        give(wanted ?: wanted(), ByteArray(0))
    }
}

/**
 * Runs what may block, in a thread that is interrupted when the coroutine is cancelled. It is not waited for then: what
 * does not heed that keeps its thread until it returns.
 */
private suspend fun <T> detached(work: () -> T): T {
    val reading =
        CoroutineScope(currentCoroutineContext().minusKey(Job) + blocking).async {
            runInterruptible { runCatching(work) }
        }
    try {
        return reading.await().getOrThrow()
    } finally {
        reading.cancel()
    }
}

/** Reads until the block is full or the stream has ended; how many bytes there are in it. */
private fun InputStream.fill(block: ByteArray): Int {
    var count = 0
    while (count < block.size) {
        val more = read(block, count, block.size - count)
        if (more < 0) break
        if (more > block.size - count) throw IndexOutOfBoundsException("A stream gave more than was asked for.")
        count += more
        // A stream that gives nothing again and again never looks.
        if (more == 0 && Thread.interrupted()) throw InterruptedException()
    }
    return count
}

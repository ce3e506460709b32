package dev.nomkit.blocking

import dev.nomkit.NomkitException
import dev.nomkit.RunOutcome
import dev.nomkit.RunResult
import dev.nomkit.Steps
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.stream.Stream
import kotlin.streams.asStream

/** [RunOutcome], blocking: what became of one run of many. */
class BlockingOutcome internal constructor(private val outcome: RunOutcome) {
    /** The run. */
    val run: BlockingRun = BlockingRun(outcome.run)

    /** What it said and made, or `null` if there is nothing of that. */
    val result: RunResult? get() = outcome.result

    /** Why there is none: what [BlockingRun.await] would have thrown. */
    val error: NomkitException? get() = outcome.error

    /** Whether there is a result. */
    val isOk: Boolean get() = outcome.ok

    override fun toString(): String = "Blocking$outcome"
}

/**
 * Runs as they end, waited for anew by each iterator. Whoever leaves a loop before its end closes this, or the stream,
 * and with it the requests that are in flight; the agents run on.
 */
class BlockingCompleted internal constructor(private val steps: Steps<RunOutcome>) :
    Iterable<BlockingOutcome>, AutoCloseable {
    private val walks = ConcurrentLinkedQueue<Walking<RunOutcome>>()

    override fun iterator(): Iterator<BlockingOutcome> = outcomes(walk()).iterator()

    /** The same as a stream; closing it ends it alone. */
    fun stream(): Stream<BlockingOutcome> = walk().let { outcomes(it).asStream().onClose(it::close) }

    /** Ends all iterators and streams, those that wait in other threads too. */
    override fun close(): Unit = walks.forEach(Walking<RunOutcome>::close)

    private fun walk(): Walking<RunOutcome> {
        walks.removeIf(Walking<RunOutcome>::isOver)
        return Walking(steps.open()).also(walks::add)
    }

    private fun outcomes(walk: Walking<RunOutcome>) = walk.asSequence().map(::BlockingOutcome)
}

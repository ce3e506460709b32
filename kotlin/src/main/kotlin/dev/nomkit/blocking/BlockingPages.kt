package dev.nomkit.blocking

import dev.nomkit.Agent
import dev.nomkit.Page
import dev.nomkit.Pages
import dev.nomkit.Steps
import java.util.stream.Stream
import kotlin.streams.asStream

/**
 * A list, lazy over all its pages, read anew by each iterator. A page is asked for when its first item is; leaving a
 * loop leaves nothing behind.
 */
class BlockingPages<T> internal constructor(private val list: Pages<T>) : Iterable<T> {
    override fun iterator(): Iterator<T> = items().iterator()

    /** The items as a stream. */
    fun stream(): Stream<T> = items().asStream()

    /** At most [count] items; no page is read that they do not need. */
    fun first(count: Int): List<T> = blocking { list.first(count) }

    /** Page by page. */
    fun pages(): Iterable<Page<T>> = Iterable { Walking(list.steps.open()) }

    private fun items() = pages().asSequence().flatMap { it.items }
}

/** The agent each time it changes, read anew by each iterator; leaving a loop leaves nothing behind. */
class BlockingUpdates internal constructor(private val steps: Steps<Agent>) : Iterable<Agent> {
    override fun iterator(): Iterator<Agent> = Walking(steps.open())

    /** The same as a stream. */
    fun stream(): Stream<Agent> = asSequence().asStream()
}

package dev.nomkit

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.flow.transform

/** One page of a list; [totalCount] where the server gave it. */
data class Page<out T>(val items: List<T>, val totalCount: Long?)

/**
 * A list, lazy over all its pages: a `Flow` of items, read anew by each collector. Leaving the flow aborts a request
 * that is in flight.
 */
class Pages<T> internal constructor(internal val steps: Steps<Page<T>>) :
    Flow<T> by steps.flow().transform({ page -> page.items.forEach { emit(it) } }) {
    /**
     * At most [count] items; no page is read that they do not need.
     *
     * @throws InvalidInputException the count is negative; nothing was sent
     */
    suspend fun first(count: Int): List<T> {
        if (count < 0) throw invalid("count", "`count` is not negative; what is given is $count.")
        return if (count == 0) emptyList() else take(count).toList()
    }

    /** Page by page. */
    fun pages(): Flow<Page<T>> = steps.flow()
}

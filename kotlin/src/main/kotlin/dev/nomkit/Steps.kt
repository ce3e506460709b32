package dev.nomkit

import dev.nomkit.bridge.CancelHandle
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** What is read step by step, anew by each reader. */
internal class Steps<T : Any>(private val open: () -> Walk<T>) {
    fun open(): Walk<T> = now(open)

    /** Leaving it gives up the step that is under way. */
    fun flow(): Flow<T> = flow { open().use { walk -> while (true) emit(walk.next() ?: break) } }
}

/** One reader's way through it. */
internal class Walk<T : Any>(native: AutoCloseable, private val step: suspend (CancelHandle) -> T?) :
    AutoCloseable by native {
    /** The next step; nothing at the end. */
    suspend fun next(): T? = call(step)
}

/** What cannot be right is refused at once. */
internal fun <S : AutoCloseable, T : Any> steps(open: () -> S, next: suspend (S, CancelHandle) -> T?): Steps<T> {
    now(open).close()
    return Steps { open().let { native -> Walk(native) { cancel -> next(native, cancel) } } }
}

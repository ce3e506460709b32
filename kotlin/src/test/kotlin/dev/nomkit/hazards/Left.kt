package dev.nomkit.hazards

import dev.nomkit.PATIENCE
import dev.nomkit.bridge.uniffiContinuationHandleMap
import java.io.File

/** What a process holds. Linux tells. */
data class Held(val files: Int, val threads: Set<String>, val futures: Int) {
    companion object {
        fun now(): Held {
            // Each descriptor is a link; one is the listing's own.
            val files = File("/proc/self/fd").list().orEmpty().size
            // Pools keep theirs for a while: what counts is who they are.
            val threads = Thread.getAllStackTraces().keys.filterNot { POOLED.containsMatchIn(it.name) }
            return Held(files, threads.map { "${it.name} ${it.isDaemon}" }.toSet(), uniffiContinuationHandleMap.size)
        }

        /** Waits until no more is held than before. */
        fun noMoreThan(before: Held) {
            val end = System.nanoTime() + PATIENCE.inWholeNanoseconds
            while (true) {
                val now = now()
                val isMore =
                    now.files > before.files || now.futures > before.futures || !before.threads.containsAll(now.threads)
                if (!isMore) return
                check(System.nanoTime() < end) { "$now, but before it was $before" }
                System.gc()
                Thread.onSpinWait()
            }
        }

        private val POOLED = Regex("^(DefaultDispatcher-worker|HttpClient|wire|Keep-Alive|Attach|process reaper)")
    }
}

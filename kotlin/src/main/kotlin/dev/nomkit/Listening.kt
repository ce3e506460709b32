package dev.nomkit

import dev.nomkit.bridge.Heard
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch

/**
 * Tells a listener what a client does, until that is closed or gone. It knows nothing of the client, which would never be
 * gone otherwise, and runs beside all calls, on threads that keep no process alive.
 */
internal fun listen(heard: Heard, onEvent: (Event) -> Unit) {
    CoroutineScope(blocking).launch {
        heard.use {
            while (true) {
                apart { heard.next() }.ifEmpty { return@launch }.forEach { tell(it, onEvent) }
            }
        }
    }
}

private fun tell(event: Event, onEvent: (Event) -> Unit) =
    try {
        onEvent(event)
    } catch (theirs: Throwable) {
        // Nobody waits for it to whom it could be thrown.
        theirs.printStackTrace()
    }

package dev.nomkit.hazards

import dev.nomkit.Nomic
import dev.nomkit.PATIENCE
import java.io.InputStream
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.thread
import kotlin.concurrent.withLock

/** Milliseconds within which the server sees a call's end: of two hundred, since one alone may meet a machine that stalls. */
const val GATE = 200L

/** Milliseconds within which it sees that of one alone, which would go on for far longer. */
const val SOON = 2000L

const val AGENT = """{"data":{"id":"agent","status":"running"}}"""

fun answer(body: String, status: String = "200 OK", headers: String = ""): String =
    "HTTP/1.1 $status\r\n${headers}Content-Length: ${body.toByteArray().size}\r\n\r\n$body"

/**
 * A server that keeps its callers waiting, and knows when they hang up.
 *
 * @param deaf whether it reads no further than a request's head until [hear]
 * @param answers what it answers to a request's first line; nothing if that is `null`
 */
class Wire(private val deaf: Boolean = false, private val answers: (String) -> String? = { null }) : AutoCloseable {
    private val server = ServerSocket(0, 100, InetAddress.getLoopbackAddress())
    private val lock = ReentrantLock()
    private val changed = lock.newCondition()
    private var hears = !deaf

    /** The first line of each request so far. */
    val requests = mutableListOf<String>()

    /** How many connections were made, and ended. */
    var made = 0
        private set
    var ended = 0
        private set
    var received = 0L
        private set
    private val sockets = mutableListOf<Socket>()

    init {
        thread(isDaemon = true, name = "wire") {
            runCatching {
                while (true) {
                    val socket = server.accept()
                    change { sockets += socket.also { made++ } }
                    thread(isDaemon = true, name = "wire") { serve(socket) }
                }
            }
        }
    }

    val url: String get() = "http://127.0.0.1:${server.localPort}"

    /** How many connections are open. */
    val left: Int get() = lock.withLock { made - ended }

    fun nomic(scheme: String = "http", retries: Int? = null): Nomic =
        Nomic(apiKey = "npk_test", baseUrl = scheme + url.removePrefix("http"), retries = retries, pace = false)

    /** Waits until something is so. */
    fun until(condition: Wire.() -> Boolean) =
        lock.withLock {
            val end = System.nanoTime() + PATIENCE.inWholeNanoseconds
            while (!condition()) {
                val left = end - System.nanoTime()
                check(left > 0) { "$requests, $made connections, $ended ended" }
                changed.awaitNanos(left)
            }
        }

    /** How many bytes came so far. */
    fun heard(): Long = lock.withLock { received }

    /**
     * Waits until all connections have ended that callers have made by now, those too that are not accepted yet: after
     * them comes one of its own, and the system hands them out in their order.
     */
    fun untilHungUp() {
        val before = lock.withLock { made }
        val own = Socket(InetAddress.getLoopbackAddress(), server.localPort).use { it.localPort }
        until { sockets.drop(before).any { it.port == own } && ended == made }
    }

    fun hear() = change { hears = true }

    override fun close() {
        server.close()
        hear()
        lock.withLock { sockets.toList() }.forEach(Socket::close)
    }

    private fun serve(socket: Socket) {
        runCatching { socket.use { converse(it, it.getInputStream()) } }
        change { ended++ }
    }

    private fun converse(socket: Socket, input: InputStream) {
        val block = ByteArray(1 shl 16)
        while (true) {
            val count = input.read(block)
            if (count < 0) return
            val line = FIRST_LINE.find(String(block, 0, minOf(count, 1000), Charsets.ISO_8859_1))?.value
            change {
                received += count
                if (line != null) requests += line
            }
            if (line == null) continue
            lock.withLock { while (!hears) changed.await() }
            answers(line)?.let { socket.getOutputStream().write(it.toByteArray()) }
        }
    }

    private fun change(change: () -> Unit) =
        lock.withLock {
            change()
            changed.signalAll()
        }

    private companion object {
        val FIRST_LINE = Regex("^(GET|POST|DELETE|CONNECT) \\S+")
    }
}

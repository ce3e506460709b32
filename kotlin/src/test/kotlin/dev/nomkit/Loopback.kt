package dev.nomkit

import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread

/** A server on loopback that answers every request with [text], or, without one, never. */
class Loopback(private val text: String?) : AutoCloseable {
    private val server = ServerSocket(0)
    private val open = CopyOnWriteArrayList<Socket>()

    val url = "http://127.0.0.1:${server.localPort}"

    @Volatile
    var visits = 0
        private set

    init {
        thread(isDaemon = true) {
            while (true) visit(runCatching { server.accept() }.getOrNull() ?: break)
        }
    }

    private fun visit(socket: Socket) {
        open += socket
        val lines = socket.getInputStream().bufferedReader()
        while (!lines.readLine().isNullOrEmpty()) continue
        visits++
        if (text == null) return
        val answer = "HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n$text"
        socket.use { it.getOutputStream().write(answer.toByteArray()) }
    }

    override fun close() {
        server.close()
        open.forEach { it.close() }
    }
}

package dev.nomkit.blocking

import dev.nomkit.Emulator
import dev.nomkit.FaultReport
import dev.nomkit.Ledger
import dev.nomkit.RequestedFile
import java.nio.file.Path
import java.time.Duration
import java.time.Instant

/** [Emulator], blocking: the platform on this machine, with no account, for tests in Java. */
class BlockingEmulator(private val emulator: Emulator) : AutoCloseable {
    /** Where it listens. */
    val url: String get() = emulator.url

    /** A key that may do everything; only this emulator knows it. */
    val apiKey: String get() = emulator.apiKey

    /** What the control routes want. */
    val token: String get() = emulator.token

    /** A client of this emulator. */
    fun nomic(): BlockingNomic = BlockingNomic(emulator.nomic())

    /** [Emulator.fault] with default parameters, for one request. */
    fun fault(operation: String, fault: String): String = blocking { emulator.fault(operation, fault) }

    /** [Emulator.fault]: makes something go wrong; [parameters] are the fault's own, with `times` and `skip`. */
    fun fault(operation: String, fault: String, parameters: Map<String, Any?>): String =
        blocking { emulator.fault(operation, fault, *parameters.toList().toTypedArray()) }

    /** [Emulator.faultReport]: how many requests met a fault, and how many felt it to its end. */
    fun faultReport(id: String): FaultReport = blocking { emulator.faultReport(id) }

    /** [Emulator.clearFaults]: takes all waiting faults away, and what they left behind. */
    fun clearFaults(): Unit = blocking { emulator.clearFaults() }

    /** [Emulator.persona]: words answers `plain`, or `drifted`. */
    fun persona(persona: String): Unit = blocking { emulator.persona(persona) }

    /** [Emulator.clock]: what time it is there. */
    fun clock(): Instant = blocking { emulator.clock() }

    /** [Emulator.clock]: the time that it is from now on. */
    fun clock(now: Instant): Instant = blocking { emulator.clock(now = now) }

    /** [Emulator.clock]: moves the time on. */
    fun advance(time: Duration): Instant = blocking { emulator.clock(advance = time.kotlin()) }

    /** [Emulator.spend]: refuses launches and follow-ups after so many more; `null`: never. */
    fun spend(launches: Int?): Unit = blocking { emulator.spend(launches) }

    /** [Emulator.ledger]: what it received, processed and answered. */
    fun ledger(): Ledger = blocking { emulator.ledger() }

    /** [Emulator.key]: a new key with these scopes. */
    fun key(vararg scopes: String): String = blocking { emulator.key(*scopes) }

    /** [Emulator.workflow]: adds a workflow to the samples that ship. */
    fun workflow(name: String, description: String, vararg requestedFiles: RequestedFile): String =
        blocking { emulator.workflow(name, description, requestedFiles.asList()) }

    /** [Emulator.timing]: how long agents wait, run, and take to stop; `null` leaves it. */
    fun timing(waiting: Duration?, running: Duration?, stopping: Duration?): Unit =
        blocking { emulator.timing(waiting.kotlin(), running.kotlin(), stopping.kotlin()) }

    /** [Emulator.reset]: forgets all but keys and timing. */
    fun reset(): Unit = blocking { emulator.reset() }

    /** Ends it, and returns when it has ended. An emulator that was connected to goes on. */
    override fun close(): Unit = blocking { emulator.stop() }

    override fun toString(): String = "Blocking$emulator"

    companion object {
        /**
         * [Emulator.start]: starts one.
         *
         * @param rates whether it refuses requests that come faster than the platform's limits allow
         * @param data a folder to keep its state in; without it everything is forgotten
         * @param persona `plain`, or `drifted` for answers worded in every other way that the documents allow
         */
        @JvmStatic
        @JvmOverloads
        fun start(rates: Boolean = true, data: Path? = null, persona: String? = null): BlockingEmulator =
            BlockingEmulator(blocking { Emulator.start(data, persona = persona, rates = rates) })

        /** [Emulator.connect]: an emulator that runs already; `null` is what the environment says. */
        @JvmStatic
        @JvmOverloads
        fun connect(url: String, apiKey: String? = null, token: String? = null): BlockingEmulator =
            BlockingEmulator(Emulator.connect(url, apiKey, token))
    }
}

package dev.nomkit

import dev.nomkit.bridge.Ended

/** What became of one run of many. */
class RunOutcome internal constructor(
    /** The run. */
    val run: AgentRun,
    /** What it said and made, or `null` if there is nothing of that. */
    val result: RunResult?,
    /** Why there is none: what [AgentRun.wait] would have thrown. */
    val error: NomkitException?,
) {
    /** Whether there is a result. */
    val ok: Boolean get() = error == null

    override fun toString(): String = "RunOutcome(run=$run, ${error?.let { "error=$it" } ?: "ok"})"
}

internal fun Ended.outcome(): RunOutcome =
    when (this) {
        is Ended.Done -> RunOutcome(AgentRun(run), result, null)
        is Ended.Failed -> RunOutcome(AgentRun(run), null, error)
    }

package example

import dev.nomkit.AgentRun
import dev.nomkit.AgentStatus
import dev.nomkit.Nomic
import dev.nomkit.NomkitException
import dev.nomkit.RunResult
import dev.nomkit.Source
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import java.io.IOException
import kotlin.coroutines.CoroutineContext

/** What the screen shows. */
data class ReportState(
    val working: Boolean = false,
    val status: AgentStatus? = null,
    val uploaded: Double? = null,
    val result: RunResult? = null,
    val problem: String? = null,
)

/**
 * Asks about a document, shows how far the agent is, and finds it again when the screen, or the process, comes back.
 *
 * It has the shape of `androidx.lifecycle.ViewModel`, and no more of it: [saved] is its `SavedStateHandle`, the scope
 * its `viewModelScope`, [onCleared] what the system calls when the user leaves.
 */
class ReportViewModel(
    private val nomic: Nomic,
    private val saved: MutableMap<String, String>,
    dispatcher: CoroutineContext = Dispatchers.Main,
) {
    private val scope = CoroutineScope(SupervisorJob() + dispatcher)
    private var following: Job? = null
    private val shown = MutableStateFlow(ReportState())

    /** What to show. */
    val state: StateFlow<ReportState> = shown.asStateFlow()

    init {
        saved["run"]?.let { token -> follow { nomic.agents.attach(token) } }
    }

    /** Uploads the document and asks about it. */
    fun ask(question: String, document: Source) =
        follow {
            nomic.agents.launch(question, listOf(document), onProgress = { progress ->
                val total = progress.total ?: return@launch
                shown.update { it.copy(uploaded = progress.done / total) }
            })
        }

    /**
     * The requests in flight are aborted; the agent runs on, and the token in [saved] leads back to it. Before there is
     * one, the upload is aborted and nothing is launched; what was launched in that very moment is not found again.
     */
    fun onCleared() = scope.cancel()

    private fun follow(begin: suspend () -> AgentRun) {
        following?.cancel()
        shown.value = ReportState(working = true)
        following = scope.launch {
            try {
                val run = begin()
                saved["run"] = run.token
                run.updates().collect { agent -> shown.update { it.copy(status = agent.status) } }
                val result = run.wait()
                shown.update { it.copy(working = false, result = result) }
            } catch (error: NomkitException) {
                shown.update { it.copy(working = false, problem = error.message) }
            } catch (error: IOException) {
                // The document's own, where it is a stream.
                shown.update { it.copy(working = false, problem = error.message) }
            }
        }
    }
}

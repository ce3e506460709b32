package dev.nomkit.blocking

import dev.nomkit.Agent
import dev.nomkit.AgentRun
import dev.nomkit.AgentStatus
import dev.nomkit.Agents
import dev.nomkit.File
import dev.nomkit.Files
import dev.nomkit.IfMissing
import dev.nomkit.Image
import dev.nomkit.Pages
import dev.nomkit.Progress
import dev.nomkit.Source
import dev.nomkit.UploadOutcome
import java.nio.file.Path
import java.time.Duration
import java.util.function.Consumer

/** How an agent is launched: `new Launch("Look").files(Source.file(report))`. */
class Launch private constructor(private val prompt: String?, @Suppress("UNUSED_PARAMETER") any: Unit) {
    private val files = mutableListOf<Source>()
    private val fileIds = mutableListOf<String>()
    private var workflowId: String? = null
    private val inputs = mutableMapOf<String, List<Source>>()
    private val images = mutableListOf<Image>()
    private var projectId: String? = null
    private var timeout: Duration? = null
    private var onProgress: Consumer<Progress>? = null

    /** Without a prompt: a workflow that requests files takes `inputs` instead. */
    constructor() : this(null, Unit)

    /** With what the agent shall do. */
    constructor(prompt: String) : this(prompt, Unit)

    /** What it may read: local files, which are uploaded first, and files on the platform. */
    fun files(vararg files: Source): Launch = apply { this.files += files }

    /** Ids of files and folders on the platform that it may read. */
    fun fileIds(vararg ids: String): Launch = apply { fileIds += ids }

    /** The workflow to launch, of [BlockingWorkflows.list]. */
    fun workflowId(id: String): Launch = apply { workflowId = id }

    /** The files of one of a workflow's slots. */
    fun input(slot: String, vararg files: Source): Launch = apply { inputs[slot] = files.asList() }

    /** At most 4 pictures that go with the prompt. */
    fun images(vararg images: Image): Launch = apply { this.images += images }

    /** The project to launch it in. */
    fun projectId(id: String): Launch = apply { projectId = id }

    /** For the launch itself, 2 minutes by default and more for images; uploads are not counted. */
    fun timeout(timeout: Duration): Launch = apply { this.timeout = timeout }

    /** Is told how far the uploads are, in the thread that launches. */
    fun onProgress(listener: Consumer<Progress>): Launch = apply { onProgress = listener }

    @JvmSynthetic
    internal suspend fun launch(agents: Agents): AgentRun =
        agents.launch(
            prompt,
            files,
            fileIds,
            workflowId,
            inputs,
            images,
            projectId,
            timeout.kotlin(),
            onProgress.kotlin(),
        )
}

/** How an agent is asked again: `new Resume("And the roof?").interrupt()`. */
class Resume(private val prompt: String) {
    private val images = mutableListOf<Image>()
    private var interrupt = false
    private var ifMissing = IfMissing.Raise
    private var timeout: Duration? = null

    /** At most 4 pictures that go with the prompt. */
    fun images(vararg images: Image): Resume = apply { this.images += images }

    /** A turn that is still at work is stopped. */
    fun interrupt(): Resume = apply { interrupt = true }

    /** What to do if there is no such agent; a new one gets the same prompt. */
    fun ifMissing(ifMissing: IfMissing): Resume = apply { this.ifMissing = ifMissing }

    /** For the stop, the follow-up or the launch together, 2 minutes by default and more for images. */
    fun timeout(timeout: Duration): Resume = apply { this.timeout = timeout }

    @JvmSynthetic
    internal suspend fun resume(agents: Agents, target: String): AgentRun =
        agents.resume(target, prompt, images, interrupt, ifMissing, timeout.kotlin())
}

/** How a file is uploaded. */
class Upload {
    private var path: String? = null
    private var parentId: String? = null
    private var name: String? = null
    private var timeout: Duration? = null
    private var onProgress: Consumer<Progress>? = null

    /** Where to put it, file name included: `reports/2026/plan.pdf`. Folders are made. */
    fun path(path: String): Upload = apply { this.path = path }

    /** An existing folder to put it into. */
    fun parentId(id: String): Upload = apply { parentId = id }

    /** Its name, where neither the path nor the source gives one. */
    fun name(name: String): Upload = apply { this.name = name }

    /** For all of it; without, as long as it needs if it keeps moving. */
    fun timeout(timeout: Duration): Upload = apply { this.timeout = timeout }

    /** Is told how far it is, in the thread that uploads, at most ten times a second. */
    fun onProgress(listener: Consumer<Progress>): Upload = apply { onProgress = listener }

    @JvmSynthetic
    internal suspend fun upload(files: Files, source: Source): File =
        files.upload(source, path, parentId, name, timeout.kotlin(), onProgress.kotlin())
}

/** How the files of a folder are uploaded. */
class UploadFolder {
    private var pattern: String? = null
    private var path: String? = null
    private var parentId: String? = null
    private var timeout: Duration? = null
    private var onProgress: Consumer<Progress>? = null

    /** Which of them, all by default: `*` is anything in one folder, `**` any folders, `{a,b}` either. */
    fun pattern(pattern: String): UploadFolder = apply { this.pattern = pattern }

    /** The folder to put them into, by its path on the platform; they keep their places below it. */
    fun path(path: String): UploadFolder = apply { this.path = path }

    /** An existing folder to put them into. */
    fun parentId(id: String): UploadFolder = apply { parentId = id }

    /** For each file. */
    fun timeout(timeout: Duration): UploadFolder = apply { this.timeout = timeout }

    /** Is told how far it is, in the thread that uploads, at most ten times a second. */
    fun onProgress(listener: Consumer<Progress>): UploadFolder = apply { onProgress = listener }

    @JvmSynthetic
    internal suspend fun upload(files: Files, folder: Path): List<UploadOutcome> =
        files.uploadFolder(folder, pattern, path, parentId, timeout.kotlin(), onProgress.kotlin())
}

/** Which agents to list. */
class AgentList {
    private var status: AgentStatus? = null
    private var workflowId: String? = null
    private var withoutWorkflow = false
    private var pageSize: Int? = null

    /** Only those with this status. */
    fun status(status: AgentStatus): AgentList = apply { this.status = status }

    /** Only those of this workflow. */
    fun workflowId(id: String): AgentList = apply { workflowId = id }

    /** Only those of no workflow. */
    fun withoutWorkflow(): AgentList = apply { withoutWorkflow = true }

    /** How many one request brings, 1 to 100. */
    fun pageSize(count: Int): AgentList = apply { pageSize = count }

    @JvmSynthetic
    internal fun list(agents: Agents): Pages<Agent> = agents.list(status, workflowId, withoutWorkflow, pageSize)
}

package dev.nomkit.blocking

import dev.nomkit.Workflow
import dev.nomkit.Workflows

/** [Workflows], blocking. */
class BlockingWorkflows internal constructor(private val workflows: Workflows) {
    /** [Workflows.list]: lists the workflows that the user may launch. */
    @JvmOverloads
    fun list(projectId: String? = null, pageSize: Int? = null): BlockingPages<Workflow> =
        BlockingPages(workflows.list(projectId, pageSize))
}

package dev.nomkit

import dev.nomkit.bridge.WorkflowsBridge

/** `nomic.workflows`. */
class Workflows internal constructor(private val bridge: WorkflowsBridge) {
    /**
     * Lists the workflows that the user may launch. `GET /workflows` of the Files & Workflows page, tier Standard.
     *
     * @param projectId only those of this project
     * @param pageSize how many one request brings, 1 to 100
     * @return the workflows, lazy over all pages
     * @throws InvalidInputException an argument is wrong; nothing was sent
     */
    fun list(projectId: String? = null, pageSize: Int? = null): Pages<Workflow> {
        val options = WorkflowListOptions(projectId, pageSize)
        return Pages(
            steps({ bridge.list(options) }) { pages, cancel ->
                pages.nextPage(cancel)?.let { Page(it.items, it.totalCount) }
            },
        )
    }
}

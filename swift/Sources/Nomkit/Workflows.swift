/// `nomic.workflows`.
public struct Workflows: Sendable {
    let bridge: WorkflowsBridge

    /// Lists the workflows that agents can be launched from. `GET /workflows` of the Files & Workflows page; scope
    /// `developer:agent`, tier Standard.
    ///
    /// - Parameters:
    ///   - projectId: Only those of this project.
    ///   - pageSize: How many one request brings, 1 to 100.
    /// - Returns: The workflows, lazy over all pages: `for try await`, `.first(n)`, or `.pages()`. One without
    ///   `requestedFiles` takes a prompt; the others take `inputs`, which name their slots. The loop throws
    ///   `NomkitError` of kind `.invalidInput` if an argument is wrong; nothing was sent.
    public func list(projectId: String? = nil, pageSize: Int? = nil) -> Pages<Workflow> {
        Pages { [bridge] in
            let options = WorkflowListOptions(projectId: projectId, pageSize: try pageSize?.counted("pageSize"))
            let pages = try bridge.list(options: options)
            return { try await pages.nextPage(cancel: $0).map(Page.init) }
        }
    }
}

import Foundation
import Nomkit
import XCTest

final class WorkflowsTests: XCTestCase {
    func testASlotIsFilledByItsName() async throws {
        let emulator = try await platform()
        let nomic = try emulator.nomic()
        let slots: [JsonMap] = [["name": "plan", "multiple": true], ["name": "notes", "optional": true]]
        let id = try await emulator.workflow("Review", description: "Make a list.", requestedFiles: slots)
        let workflows = try await nomic.workflows.list().all()
        let workflow = try XCTUnwrap(workflows.first { $0.id == id })
        XCTAssertEqual(workflow.requestedFiles.map(\.name), ["plan", "notes"])
        XCTAssertEqual(workflow.requestedFiles.map(\.multiple), [true, false])
        XCTAssertEqual(workflow.requestedFiles.map(\.optional), [false, true])
        let run = try await nomic.agents.launch(workflowId: id, inputs: ["plan": [.file(report)]])
        let result = try await run.wait()
        XCTAssertEqual(result.agent.workflowId, id)
        let agents = try await nomic.agents.list(workflowId: id).all()
        XCTAssertEqual(agents.map(\.id), [run.agentId])
    }

    func testThoseOfAProjectAreListedApart() async throws {
        let emulator = try await platform()
        let id = try await emulator.workflow("Review", projectId: nobody)
        let found = try await emulator.nomic().workflows.list(projectId: nobody, pageSize: 1).all()
        XCTAssertEqual(found.map(\.id), [id])
    }
}

#if canImport(SwiftUI)
import Nomkit
import SwiftUI

/// A question about documents, and what becomes of it.
public struct AgentView: View {
    @State private var model: AgentModel
    @State private var question = ""
    private let documents: [URL]

    /// A screen.
    ///
    /// - Parameters:
    ///   - model: Its state.
    ///   - documents: Local files that the question is about.
    public init(model: AgentModel, documents: [URL]) {
        (_model, self.documents) = (State(initialValue: model), documents)
    }

    /// The field, the button, and the state.
    public var body: some View {
        VStack(alignment: .leading) {
            TextField("What would you like to know?", text: $question)
            Button("Ask") { model.ask(question, about: documents) }
                .disabled(question.isEmpty)
            state
        }
        .onAppear { model.appear() }
        .onDisappear { model.leave() }
    }

    @ViewBuilder private var state: some View {
        switch model.phase {
        case .idle: EmptyView()
        case .uploading(let done?): ProgressView(value: done)
        case .uploading(nil): ProgressView()
        case .working(let status): ProgressView(status.rawValue)
        case .answered(let result): ScrollView { Text(result.text) }
        case .failed(let why): Text(why).foregroundStyle(.red)
        }
    }
}
#endif

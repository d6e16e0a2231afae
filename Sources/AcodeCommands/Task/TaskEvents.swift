internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode task events`.
struct TaskEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "events", abstract: "Show a task's timeline.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Go on until the task ends. With --json, one object a line.")
    var follow = false

    @Argument(help: "The task's id, or its beginning.")
    var id: String

    func run() async throws {
        let context = try CommandContext(global)
        let end = try await Interruption.race {
            try await context.withStore { store in
                let id = try await TaskReference.resolve(id, in: store)
                if follow {
                    try await tail(id, store, context.console)
                } else {
                    let type = try await store.task(id)?.spec.type
                    try context.console.show(.events(try await store.events(of: id, after: 0), type: type))
                }
            }
        }
        if case .signal(let number) = end { throw ExitCode(ExitCodes.signal(number)) }
    }

    private func tail(_ id: TaskID, _ store: any TaskStore, _ console: Console) async throws {
        var last: Int64 = 0
        var token: Int64?
        let type = try await store.task(id)?.spec.type
        while true {
            let seen = try await store.changeToken()
            if seen != token {
                token = seen
                // The state first: the events of a task that has ended are complete.
                let isTerminal = try await store.task(id)?.state.isTerminal ?? true
                for event in try await store.events(of: id, after: last) {
                    last = event.sequence
                    console.print(
                        console.isJSON ? try JSONText.line(EventSummary(event: event, type: type)) : Self.line(event))
                }
                if isTerminal { return }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func line(_ event: TaskEvent) -> String {
        let attempt = event.attempt > 0 ? "#\(event.attempt)" : "-"
        return "\(StableJSON.text(of: event.at))  \(attempt.padded(to: 3))  \(event.kind.rawValue.padded(to: 17))  "
            + "\(event.message.onOneLine)\n"
    }
}

extension Listing where Item == TaskEvent {
    /// A timeline as a table or as JSON.
    static func events(_ events: [TaskEvent], type: String? = nil) -> Listing {
        Listing(
            items: events,
            columns: [
                Table.Column(title: "time"), Table.Column(title: "attempt", isRight: true),
                Table.Column(title: "event"), Table.Column(title: "message"),
            ],
            cells: { event in
                [
                    Table.Cell(StableJSON.text(of: event.at)),
                    Table.Cell(event.attempt > 0 ? String(event.attempt) : ""), Table.Cell(event.kind.rawValue),
                    Table.Cell(event.message),
                ]
            },
            id: { String($0.sequence) }, json: { EventSummary(event: $0, type: type) })
    }
}

/// An event as JSON shows it.
struct EventSummary: Encodable {
    var event: TaskEvent
    /// The declared type of its task.
    var type: String?

    private enum CodingKeys: String, CodingKey { case sequence, task, taskType, attempt, kind, message, at }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(event.sequence, forKey: .sequence)
        try container.encode(event.taskID, forKey: .task)
        try container.encode(type, forKey: .taskType)
        try container.encode(event.attempt, forKey: .attempt)
        try container.encode(event.kind, forKey: .kind)
        try container.encode(event.message, forKey: .message)
        try container.encode(event.at, forKey: .at)
    }
}

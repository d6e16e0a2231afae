internal import ArgumentParser
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode task list`.
struct TaskList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List tasks, newest first.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Only tasks in this state; may be given several times or with commas. One of "
                + "\(TaskState.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "state"))
    var state: [String] = []

    @Option(help: ArgumentHelp("Only tasks of this queue.", valueName: "name"))
    var queue: String?

    @Option(help: ArgumentHelp("Only tasks of this type.", valueName: "name"))
    var type: String?

    @Option(name: .shortAndLong, help: "At most so many tasks.")
    var limit = 100

    func validate() throws {
        guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000000.") }
        _ = try Self.states(state)
    }

    func run() async throws {
        let context = try CommandContext(global)
        let filter = TaskFilter(states: try Self.states(state), queue: queue, type: type, limit: limit)
        let tasks = try await context.withStore { try await $0.tasks(matching: filter) }
        try context.console.show(.tasks(tasks, now: Date()), quiet: quiet.quiet)
    }

    /// The states users name, without regard to case.
    static func states(_ names: [String]) throws -> Set<TaskState> {
        var states: Set<TaskState> = []
        for name in names.flatMap({ $0.split(separator: ",") }) {
            guard let state = TaskState.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
                let known = TaskState.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("There is no state \(name). The states are \(known).")
            }
            states.insert(state)
        }
        return states
    }
}

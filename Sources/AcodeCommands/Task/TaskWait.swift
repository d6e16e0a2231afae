internal import ArgumentParser
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode task wait`.
struct TaskWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until tasks have ended.",
        discussion: "Exits with the command's code; of several tasks with the code of the first that failed.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption

    @Option(help: ArgumentHelp("How long to wait: 90s, 5m, 2h. Exits with 75 after it.", valueName: "duration"))
    var timeout: String?

    @Argument(help: "Ids of tasks, or their beginnings.")
    var ids: [String]

    func run() async throws {
        let context = try CommandContext(global)
        let limit = try timeout.map { try DurationOption.seconds($0, flag: "--timeout") }
        let end = try await Interruption.race {
            try await context.withStore { store in
                try await wait(try await resolveAll(ids, in: store), store, limit: limit)
            }
        }
        switch end {
        case .signal(let number): throw ExitCode(ExitCodes.signal(number))
        case .finished(let tasks):
            try context.console.show(.tasks(tasks, now: Date()), quiet: quiet.quiet)
            let unfinished = tasks.count { !$0.state.isTerminal }
            guard unfinished == 0 else {
                throw CommandFailure(
                    ExitCodes.tryAgain, "\(unfinished) of \(tasks.count) tasks did not end in \(timeout ?? "time")")
            }
            let code = TaskWaiting.exitCode(of: tasks)
            if code != 0 { throw ExitCode(code) }
        }
    }

    private func wait(_ ids: [TaskID], _ store: any TaskStore, limit: Double?) async throws -> [QueuedTask] {
        let deadline = limit.map { ContinuousClock.now + .seconds($0) }
        var tasks: [TaskID: QueuedTask] = [:]
        var token: Int64?
        while true {
            let seen = try await store.changeToken()
            if seen != token {
                token = seen
                for id in ids where !(tasks[id]?.state.isTerminal ?? false) {
                    guard let task = try await store.task(id) else { throw TaskReference.unknown(id.rawValue) }
                    tasks[id] = task
                }
                if tasks.values.allSatisfy(\.state.isTerminal) { break }
            }
            if let deadline, ContinuousClock.now >= deadline { break }
            let open = tasks.values.count { !$0.state.isTerminal }
            try await Task.sleep(for: .milliseconds(20) * max(1, open / 20))
        }
        return ids.compactMap { tasks[$0] }
    }
}

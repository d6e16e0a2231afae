internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import TaskStore

/// `acode queue pause`.
struct QueuePause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Let no supervisor take tasks of a queue until it is resumed; what runs goes on.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(help: ArgumentHelp("Why, for whoever wonders.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Who says so; you on this host unless given.", valueName: "name"))
    var by: String?

    @Argument(help: "Names of queues.")
    var queues: [String]

    func run() async throws {
        let context = try CommandContext(global)
        let who = by ?? "\(NSUserName())@\(ProcessInfo.processInfo.hostName)"
        try await context.control(
            queues, .pause(by: who, reason: reason), for: "queue pause", reason: reason
        ) { control in
            control.pause.map { "paused by \($0.words(now: Date()))" } ?? ""
        }
    }
}

/// `acode queue resume`.
struct QueueResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let supervisors take tasks of a paused queue again.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(help: ArgumentHelp("Why, for whoever wonders.", valueName: "text"))
    var reason: String?

    @Argument(help: "Names of queues.")
    var queues: [String]

    func run() async throws {
        let context = try CommandContext(global)
        try await context.control(queues, .resume, for: "queue resume", reason: reason) { _ in "not paused" }
        context.announce(.submitted)
    }
}

/// `acode queue limit`.
struct QueueLimit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Limit how many tasks of a queue run at once, over all supervisors; what runs goes on.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(help: ArgumentHelp("Why, for whoever wonders.", valueName: "text"))
    var reason: String?

    @Argument(help: "The name of a queue.")
    var queue: String

    @Argument(help: ArgumentHelp("From 0 to 1000000, or none.", valueName: "number|none"))
    var limit: String

    func validate() throws { _ = try most() }

    func run() async throws {
        let context = try CommandContext(global)
        try await context.control([queue], .limit(try most()), for: "queue limit", reason: reason) { control in
            control.maxRunning.map { "at most \($0) at once" } ?? "no limit"
        }
        context.announce(.submitted)
    }

    private func most() throws -> Int? {
        if limit == "none" { return nil }
        guard let most = Int(limit), (0...1_000_000).contains(most) else {
            throw ValidationError("\"\(limit)\" is neither a number from 0 to 1000000 nor none.")
        }
        return most
    }
}

extension CommandContext {
    /// Changes what is said about queues, all names checked before the first, and prints what holds then.
    fileprivate func control(
        _ queues: [String], _ change: QueueChange, for command: String, reason: String?,
        words: (QueueControl) -> String
    ) async throws {
        for queue in queues { try QueueName.check(queue) }
        let controls = try await withStore(for: command, reason: reason) { store in
            var controls: [QueueControl] = []
            for queue in queues { controls.append(try await store.control(queue, change)) }
            return controls
        }
        if console.isJSON {
            console.print(try JSONText.pretty(controls.map(QueueControlSummary.init)))
        } else {
            for control in controls { console.print("\(control.queue)  \(words(control).onOneLine)\n") }
        }
    }
}

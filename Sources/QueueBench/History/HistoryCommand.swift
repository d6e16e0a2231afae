internal import ArgumentParser
internal import Foundation

/// Proves that nothing is lost and nothing done twice while supervisors die and pause.
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Checks what supervisors saw that were killed and paused at random.",
        subcommands: [HistoryRunCommand.self, HistoryWorkerCommand.self])
}

/// Starts the supervisors and checks.
struct HistoryRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Starts supervisors, and checks.")

    @OptionGroup var options: StoreOptions

    @Option(help: "How many tasks.")
    var tasks = HistoryPlan().tasks

    @Option(help: "How many supervisors.")
    var supervisors = HistoryPlan().supervisors

    @Option(help: "How long they are killed and paused, in seconds.")
    var trouble = HistoryPlan().trouble / .seconds(1)

    @Option(help: "How long the rest may take, in seconds.")
    var settling = HistoryPlan().settling / .seconds(1)

    @Option(help: "Repeats a run's choices.")
    var seed: UInt64?

    @Option(help: "Where the histories go; must be new.")
    var directory: String

    func run() async throws {
        var plan = HistoryPlan()
        (plan.tasks, plan.supervisors) = (tasks, supervisors)
        (plan.trouble, plan.settling) = (.seconds(trouble), .seconds(settling))
        let run = HistoryRun(
            options: options, plan: plan, seed: seed ?? .random(in: 0...UInt64(UInt32.max)), directory: directory)
        let report = try await run.run()
        try Output.print(report)
        if !report.violations.isEmpty { throw ExitCode(1) }
    }
}

/// One supervisor.
struct HistoryWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Is one of the supervisors; runs until it is killed.", shouldDisplay: false)

    @OptionGroup var options: StoreOptions

    @Option var file: String

    @Option var share: Int

    @Option var slots: Int

    @Option var lease: Double

    @Option var seed: UInt64

    @Flag var sleeps = false

    func run() async throws {
        var plan = HistoryPlan()
        (plan.slots, plan.lease) = (slots, .seconds(lease))
        let store = try await BenchStore.open(options.store, connections: options.connections)
        var worker = HistoryWorker(store, try HistoryFile(file), plan, seed: seed, sleeps: sleeps)
        try await worker.run(share: share)
    }
}

internal import ArgumentParser
internal import ControlPlane
internal import Settings

/// `acode worker stats`.
struct WorkerStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what workers use: CPU in percent of a core, memory, processes, bytes.",
        discussion:
            "On a terminal it goes on, refreshed at every measurement, until Ctrl-C; elsewhere it shows one table.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Go on also where no terminal is. With --json, one array a line.")
    var watch = false

    @Flag(help: "Show it once.")
    var noStream = false

    @Option(help: "What is largest comes first.")
    var sort: StatsOrder?

    @Argument(help: "Only these workers.")
    var ids: [String] = []

    func validate() throws {
        if watch, noStream { throw ValidationError("--watch and --no-stream contradict each other.") }
    }

    func run() async throws {
        let context = try CommandContext(global)
        let console = context.console
        guard watch || (console.isTerminal && !console.isJSON && !noStream) else {
            return try console.show(.stats(try await workers(context)))
        }
        let end = try await Interruption.race {
            while true {
                let workers = try await workers(context)
                if console.isJSON {
                    console.print(try JSONText.line(workers.map(\.withoutEvents)))
                } else {
                    let table = try Listing.stats(workers).text(.table, usesColor: console.usesColor)
                    let text = try await heading(context) + table
                    // On a terminal each table takes the place of the one before: home, text, erase what is below.
                    console.print(console.isTerminal ? "\u{1B}[H\u{1B}[2J\(text)" : "\(text)\n")
                }
                try await Task.sleep(for: context.settings.workers.statsInterval)
            }
        }
        if case .signal = end { return }
    }

    /// What all workers together do, in one line.
    private func heading(_ context: CommandContext) async throws -> String {
        let status = try await context.supervisor { client throws(ControlClientError) in try await client.status() }
        let trouble = status.engineTrouble.map { "\($0.words)\n" } ?? ""
        return "pool \(status.pool): \(status.state), \(status.busy) of \(status.slots) busy\n\(trouble)\n"
    }

    private func workers(_ context: CommandContext) async throws -> [WorkerSummary] {
        let all = try await context.supervisor { client throws(ControlClientError) in try await client.workers() }
        let chosen = ids.isEmpty ? all : try ids.map { try WorkerReference.choose($0, from: all) }
        return sort?.apply(to: chosen) ?? chosen
    }
}

/// By what workers are sorted; the raw value is the column's title.
enum StatsOrder: String, ExpressibleByArgument, CaseIterable {
    case cpu, memory, processes, read, written, received, sent

    /// The largest first; without a measurement last.
    func apply(to workers: [WorkerSummary]) -> [WorkerSummary] {
        workers.sorted { value($0) > value($1) }
    }

    private func value(_ worker: WorkerSummary) -> Double {
        guard let usage = worker.usage else { return -1 }
        return switch self {
        case .cpu: usage.cpuCores
        case .memory: Double(usage.memoryBytes)
        case .processes: Double(usage.processes)
        case .read: Double(usage.blockRead)
        case .written: Double(usage.blockWritten)
        case .received: Double(usage.networkReceived ?? 0)
        case .sent: Double(usage.networkSent ?? 0)
        }
    }
}

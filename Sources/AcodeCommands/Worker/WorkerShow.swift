internal import ArgumentParser
internal import ContainerEngine
internal import ControlPlane

/// `acode worker show`.
struct WorkerShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show everything about a worker.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Argument(help: "The worker's id or container name, or its beginning.")
    var id: String

    func run() async throws {
        let context = try CommandContext(global)
        let worker = try WorkerReference.choose(
            id, from: try await context.supervisor { client throws(ControlClientError) in try await client.workers() })
        if context.console.isJSON {
            context.console.print(try JSONText.pretty(worker))
        } else {
            context.console.print(WorkerPage(worker: worker).text(usesColor: context.console.usesColor))
        }
    }
}

/// Everything about a worker on one page for people.
struct WorkerPage {
    var worker: WorkerSummary

    func text(usesColor: Bool) -> String {
        let pairs = facts.filter { !$0.value.isEmpty }
        let width = pairs.map(\.title.count).max() ?? 0
        return pairs.map { pair in
            let value = pair.title == "status" && usesColor ? worker.style.apply(to: pair.value) : pair.value
            return "\((pair.title + ":").padded(to: width + 1))  \(value)\n"
        }.joined() + timeline(usesColor)
    }

    private func timeline(_ usesColor: Bool) -> String {
        guard let events = worker.events, !events.isEmpty else { return "" }
        var table = Table(columns: ["time", "event", "details"].map { Table.Column(title: $0) })
        table.rows = events.map {
            [Table.Cell(StableJSON.text(of: $0.at)), Table.Cell($0.kind), Table.Cell($0.message)]
        }
        return "\n" + table.text(usesColor: usesColor)
    }

    private var facts: [(title: String, value: String)] {
        let usage = worker.usage
        let memory = usage.map {
            HumanText.bytes($0.memoryBytes)
                + ($0.memoryLimitBytes > 0 ? " of \(HumanText.bytes($0.memoryLimitBytes))" : "")
        }
        let attempt = worker.attempt.map { " (attempt \($0))" } ?? ""
        return [
            ("id", worker.id), ("container", worker.containerName ?? ""), ("container id", worker.containerID ?? ""),
            ("status", worker.status), ("reason", worker.reason ?? ""),
            (
                "next try",
                worker.retryAt.map { "\(StableJSON.text(of: $0)); `acode worker restart \(worker.id)` tries at once" }
                    ?? ""
            ), ("profile", worker.profile), ("task", worker.task.map { $0 + attempt } ?? ""),
            ("ports", worker.ports.map(\.description).joined(separator: ", ")),
            ("cpu", usage.map { "\(($0.cpuCores * 100).rounded() / 100) cores" } ?? ""), ("memory", memory ?? ""),
            (
                "processes",
                usage.map { String($0.processes) + ($0.processLimit > 0 ? " of \($0.processLimit)" : "") } ?? ""
            ),
            ("close to limit", usage.map { $0.high.joined(separator: ", ") } ?? ""),
        ]
    }
}

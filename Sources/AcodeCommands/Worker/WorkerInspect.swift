internal import ArgumentParser
internal import ControlPlane
internal import Foundation

/// `acode worker inspect`.
struct WorkerInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what the engine and the kernel say of a worker, and what keeps it in its place.",
        discussion: "With --security the exit code is 1 when something that was wanted is not in force.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(help: "Show each measure: what was wanted and what is in force.")
    var security = false

    @Argument(help: "The worker's id or container name, or its beginning.")
    var id: String

    func run() async throws {
        let context = try CommandContext(global)
        let worker = try WorkerReference.choose(
            id, from: try await context.supervisor { client throws(ControlClientError) in try await client.workers() })
        let inspection = try await context.supervisor { client throws(ControlClientError) in
            try await client.inspection(ofWorker: worker.id)
        }
        if context.console.isJSON {
            context.console.print(try JSONText.pretty(inspection))
        } else {
            let page = InspectionPage(inspection: inspection)
            let usesColor = context.console.usesColor
            context.console.print(security ? page.measures(usesColor: usesColor) : page.facts(usesColor: usesColor))
        }
        if security, !inspection.missing.isEmpty { throw ExitCode(ExitCodes.failed) }
    }
}

/// An inspection as people read it.
struct InspectionPage {
    var inspection: WorkerInspection

    /// The table of measures, and a sentence for each that is not as wanted.
    func measures(usesColor: Bool) -> String {
        var table = Table(columns: ["measure", "wanted", "in force", "verdict"].map { .init(title: $0) })
        table.rows = inspection.security.map { measure in
            [
                .init(measure.measure), .init(measure.wanted), .init(measure.inForce),
                .init(Self.word(measure.verdict), Self.style(measure.verdict)),
            ]
        }
        let remarks = inspection.security.filter { $0.verdict != "holds" }.compactMap(\.remark)
        let end =
            inspection.missing.isEmpty
            ? "Everything that was wanted and can be seen is in force."
            : "\(inspection.missing.count) of \(inspection.security.count) measures are not in force."
        return table.text(usesColor: usesColor) + "\n" + (remarks + [end]).map { $0.onOneLine + "\n" }.joined()
    }

    /// The worker's page, then its container's, then the measures in one line.
    func facts(usesColor: Bool) -> String {
        var lines = [WorkerPage(worker: inspection.worker).text(usesColor: usesColor)]
        var pairs: [(String, String)] = [("pid", inspection.pid.map(String.init) ?? "")]
        if let container = inspection.container {
            pairs += [
                ("image", container.image), ("image id", container.imageID), ("state", container.state),
                ("created", container.createdAt?.formatted(.iso8601) ?? ""),
                ("restarts", container.restarts == 0 ? "" : String(container.restarts)),
                ("command", HumanText.command(container.command)),
            ]
            pairs += container.networks.sorted { $0.key < $1.key }.map { ("network", "\($0.key) \($0.value)") }
            pairs += container.mounts.sorted { $0.target < $1.target }.map { mount in
                ("mount", "\(mount.target) \(mount.readOnly ? "read-only" : "writable") \(mount.type) \(mount.source)")
            }
            pairs += container.labels.sorted { $0.key < $1.key }.map { ("label", "\($0.key)=\($0.value)") }
        }
        let count = inspection.missing.count
        pairs.append(("security", count == 0 ? "as wanted" : "\(count) measures not in force: see --security"))
        lines += pairs.filter { !$0.1.isEmpty }.map { "\(($0.0 + ":").padded(to: 13))  \($0.1.onOneLine)\n" }
        return lines.joined()
    }

    private static func word(_ verdict: String) -> String {
        switch verdict {
        case "holds": "ok"
        case "missing": "MISSING"
        case "shown": ""
        default: verdict
        }
    }

    private static func style(_ verdict: String) -> TextStyle {
        switch verdict {
        case "holds": .good
        case "missing": .bad
        case "unknown": .attention
        default: .plain
        }
    }
}

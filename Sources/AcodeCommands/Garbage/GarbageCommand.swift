internal import ArgumentParser
internal import ControlPlane
internal import Logging
internal import Settings
internal import Supervisor

/// `acode gc`.
struct GarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Remove what earlier supervisors of the pool left: containers, volumes, networks, directories, rows.",
        discussion: """
            A running supervisor does the same by itself every workers.gcInterval, and is asked to do it now. Objects of \
            other pools and of other installations of acode are never touched. Without an engine what needs none is done, \
            and the code is 69 when containers may be left.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Only say what would be removed.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Show also what stays.")
    var all = false

    @Option(help: ArgumentHelp("The socket of the container engine.", valueName: "path"))
    var engineSocket: String?

    func run() async throws {
        let flags = engineSocket.map { [FlagValue(flag: "--engine-socket", path: "workers.docker.socket", text: $0)] }
        let context = try CommandContext(global, flags: flags ?? [])
        let (items, omission) = try await collect(context)
        try context.console.show(.garbage(items.filter { all || $0.action != "kept" }))
        if let omission {
            context.console.note("acode: \(omission.reason); no containers, networks and volumes were looked for")
        }
        let failures = items.count { $0.action == "failed" }
        if failures > 0 {
            throw CommandFailure(
                ExitCodes.failed, "\(failures) of \(items.count) objects could not be removed",
                hint: "the reasons are above; run it again when they are gone")
        }
        if let omission, omission.containers > 0 {
            let workers = omission.containers == 1 ? "1 worker" : "\(omission.containers) workers"
            throw CommandFailure(
                ExitCodes.unavailable, "containers of \(workers) may be left",
                hint: "\(omission.hint ?? "start the engine"), then run it again")
        }
    }

    private func collect(_ context: CommandContext) async throws -> ([GarbageItem], OfflineGarbage.Omission?) {
        do throws(ControlClientError) {
            return (try await context.controlClient().collectGarbage(dryRun: dryRun), nil)
        } catch {
            guard error.code == .noSupervisor else {
                throw CommandFailure(error, pool: context.settings.workers.pool)
            }
        }
        return try await context.withStore { store in
            let garbage = OfflineGarbage(
                settings: context.settings, store: store, layout: context.layout,
                logger: Logger(label: "acode.gc") { _ in SwiftLogNoOpLogHandler() })
            do throws(SupervisorError) {
                let pass = try await garbage.run(isRehearsal: dryRun)
                return (pass.reports.map(GarbageItem.init), pass.omission)
            } catch {
                throw CommandFailure(error)
            }
        }
    }
}

extension GarbageItem {
    init(_ report: GarbageReport) {
        self.init(
            kind: report.object.kind.rawValue, name: report.object.name, worker: report.object.worker,
            action: report.action.rawValue, reason: report.reason)
    }
}

extension Listing where Item == GarbageItem {
    /// Objects in a table, by name or as JSON.
    static func garbage(_ items: [GarbageItem]) -> Listing {
        Listing(
            items: items, columns: ["kind", "name", "worker", "action", "reason"].map { Table.Column(title: $0) },
            cells: { item in
                [
                    Table.Cell(item.kind),
                    Table.Cell(item.kind == "container" ? String(item.name.prefix(12)) : item.name),
                    Table.Cell(item.worker ?? ""), Table.Cell(item.action, item.action == "failed" ? .bad : .plain),
                    Table.Cell(item.reason),
                ]
            },
            id: \.name, json: { $0 })
    }
}

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
            other pools and of other installations of acode are never touched.
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
        let items = try await collect(context)
        try context.console.show(.garbage(items.filter { all || $0.action != "kept" }))
        let failures = items.count { $0.action == "failed" }
        if failures > 0 {
            throw CommandFailure(
                ExitCodes.failed, "\(failures) of \(items.count) objects could not be removed",
                hint: "the reasons are above; run it again when they are gone")
        }
    }

    private func collect(_ context: CommandContext) async throws -> [GarbageItem] {
        do throws(ControlClientError) {
            return try await context.controlClient().collectGarbage(dryRun: dryRun)
        } catch {
            guard error.code == .noSupervisor else {
                throw CommandFailure(error, pool: context.settings.workers.pool)
            }
        }
        return try await context.withStore { store in
            let pass = OfflineGarbage(
                settings: context.settings.withoutFallback, store: store, layout: context.layout,
                logger: Logger(label: "acode.gc") { _ in SwiftLogNoOpLogHandler() })
            do throws(SupervisorError) {
                return try await pass.run(isRehearsal: dryRun).map(GarbageItem.init)
            } catch {
                throw CommandFailure(error)
            }
        }
    }
}

extension Settings {
    /// Without an engine nobody can say what is left in it.
    fileprivate var withoutFallback: Settings {
        var settings = self
        settings.workers.fallback = false
        return settings
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

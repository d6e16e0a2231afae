internal import Settings
internal import TaskModel
internal import TaskStore

/// Whether the task store can be used.
enum StoreChecks {
    static func run(_ settings: StoreSettings) async -> [DoctorCheck] {
        do throws(StoreError) {
            switch settings.backend {
            case .sqlite:
                // Opening would make it, or bring it up to date, and looking must not change anything.
                let program = SQLiteInspection.version
                let version = try await SQLiteInspection.version(of: settings.path) ?? 0
                guard version > 0 else { return [.ok("task store", "\(settings.path), made at first use")] }
                guard version >= program else {
                    return [
                        .ok(
                            "task store",
                            "\(settings.path), version \(version), which is brought up to \(program) at the next use")
                    ]
                }
                let count = try await open(settings)
                return [.ok("task store", "\(settings.path), \(count) tasks to do")]
            case .postgresql:
                let report = try await PostgresDatabase(url: settings.connectionText).inspect()
                let checks = judge(report)
                guard !checks.contains(where: { $0.status == .fail }) else { return checks }
                let count = try await open(settings)
                return [.ok("task store", "\(report.target), \(count) tasks to do")] + checks
            }
        } catch {
            return [.fail("task store", error.message, fix: error.hint)]
        }
    }

    /// How many tasks there are to do.
    private static func open(_ settings: StoreSettings) async throws(StoreError) -> Int {
        let store = try await StoreAccess.open(settings)
        do throws(StoreError) {
            let counts = try await store.counts()
            await store.close()
            return counts.filter { !$0.state.isTerminal }.reduce(0) { $0 + $1.count }
        } catch {
            await store.close()
            throw error
        }
    }

    static func judge(_ report: PostgresReport) -> [DoctorCheck] {
        [server(report), tables(report), rights(report), clock(report)].compactMap { $0 }
    }

    private static func server(_ report: PostgresReport) -> DoctorCheck {
        let what = "PostgreSQL \(report.serverVersion) as \(report.user)"
        guard report.serverVersionNumber >= PostgresReport.oldestServer else {
            return .fail(
                "database server", "\(what) is too old",
                fix: "use PostgreSQL \(PostgresReport.oldestServer / 10_000) or newer")
        }
        guard report.encoding == PostgresEncoding.wanted else {
            return .fail(
                "database server", "\(what) keeps text of this database as \(report.encoding)",
                fix: PostgresEncoding.hint)
        }
        guard !report.isReadOnly else {
            return .fail(
                "database server", "\(what) can't be written to: it is a standby, or set to be read only",
                fix: "name the primary in store.url")
        }
        let took = Int((report.roundTrip * 1000).rounded(.up))
        let detail = "\(what), \(took) ms away"
        // Every task takes a few.
        return took <= 50
            ? .ok("database server", detail)
            : .warn("database server", detail, fix: "run the supervisors nearer to it")
    }

    private static func tables(_ report: PostgresReport) -> DoctorCheck? {
        let program = PostgresDatabase.version
        switch report.schemaVersion {
        case program: return .ok("database tables", "version \(program)")
        // Then nobody can tell, and the rights are what is wrong.
        case 0 where !report.missingRights.isEmpty: return nil
        case 0: return .fail("database tables", "there are none", fix: "run `acode db migrate` once")
        case ..<program:
            return .fail(
                "database tables", "version \(report.schemaVersion), and this program needs \(program)",
                fix: "run `acode db migrate` once")
        default:
            return .fail(
                "database tables", "version \(report.schemaVersion), and this program knows \(program)",
                fix: "use the newer version of acode")
        }
    }

    private static func rights(_ report: PostgresReport) -> DoctorCheck? {
        guard let first = report.missingRights.first else { return nil }
        let more = report.missingRights.count - 1
        return .fail(
            "database rights", "\(report.user) lacks \(first)" + (more > 0 ? " and \(more) more" : ""),
            fix: "run `acode db migrate --grant \(report.user)` as the user who made the tables")
    }

    /// Leases go by the server's clock alone, but people compare its times with those of logs.
    private static func clock(_ report: PostgresReport) -> DoctorCheck {
        let skew = abs(report.clockSkew)
        guard skew > 2 else { return .ok("database clock", "agrees with this host's") }
        let words = "\(Int(skew.rounded())) s \(report.clockSkew > 0 ? "ahead of" : "behind") this host's"
        return .warn("database clock", words, fix: "synchronise the clocks, or times in logs and listings disagree")
    }
}

internal import ArgumentParser
internal import Settings
internal import TaskStore

/// `acode db status`.
struct DatabaseStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say where the database is and whether it can be used.",
        discussion: "Makes and changes nothing. Exits with 1 when it can't be used as it is.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global)
        let settings = context.settings.store
        let summary: DatabaseSummary
        switch settings.backend {
        case .sqlite:
            do throws(StoreError) {
                // Opening would make it, or bring it up to date.
                summary = DatabaseSummary(
                    file: settings.path, version: try await SQLiteInspection.version(of: settings.path))
            } catch {
                throw CommandFailure(error)
            }
        case .postgresql:
            do throws(StoreError) {
                summary = DatabaseSummary(try await PostgresDatabase(url: settings.connectionText).inspect())
            } catch {
                throw CommandFailure(error)
            }
        }
        let console = context.console
        console.print(console.isJSON ? try JSONText.pretty(summary) : summary.text)
        if !summary.isUsable { throw ExitCode(ExitCodes.failed) }
    }
}

/// What is to be known of the database.
struct DatabaseSummary: Encodable, Equatable {
    /// What `acode db migrate` would find.
    enum State: String, Encodable { case current, missing, old, newer }

    var backend: StoreBackend
    var place: String
    var state = State.current
    var schemaVersion: Int?
    var serverVersion: String?
    var user: String?
    var missingRights: [String] = []
    /// Whether the server takes no writes: it is a standby, or set to be read only.
    var isReadOnly = false
    /// Whether the server is older than what works.
    var isTooOld = false

    /// How the database keeps text, where that is of no use.
    var wrongEncoding: String?

    /// Whether tasks can be kept in it. A file is made, and brought up to date, by whoever uses it first.
    var isUsable: Bool {
        (state == .current || (backend == .sqlite && state != .newer)) && missingRights.isEmpty && !isReadOnly
            && !isTooOld && wrongEncoding == nil
    }

    init(backend: StoreBackend, place: String) {
        self.backend = backend
        self.place = place
    }

    /// Of an SQLite file, with the version of its tables; `nil` and 0 stand for none.
    init(file: String, version: Int?, program: Int = SQLiteInspection.version) {
        self.init(backend: .sqlite, place: file)
        schemaVersion = version
        state = Self.state(version ?? 0, program)
    }

    private static func state(_ version: Int, _ program: Int) -> State {
        switch version {
        case 0: .missing
        case ..<program: .old
        case program: .current
        default: .newer
        }
    }

    init(_ report: PostgresReport, program: Int = PostgresDatabase.version) {
        self.init(backend: .postgresql, place: report.target)
        state = Self.state(report.schemaVersion, program)
        schemaVersion = report.schemaVersion
        serverVersion = report.serverVersion
        user = report.user
        missingRights = report.missingRights
        isReadOnly = report.isReadOnly
        isTooOld = report.serverVersionNumber < PostgresReport.oldestServer
        wrongEncoding = report.encoding == PostgresEncoding.wanted ? nil : report.encoding
    }

    private enum CodingKeys: String, CodingKey {
        case backend, place, state, schemaVersion, serverVersion, user, missingRights, readOnly, tooOld, wrongEncoding,
            usable
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(backend.rawValue, forKey: .backend)
        try container.encode(place, forKey: .place)
        try container.encode(state, forKey: .state)
        try container.encode(schemaVersion, forKey: .schemaVersion)
        try container.encode(serverVersion, forKey: .serverVersion)
        try container.encode(user, forKey: .user)
        try container.encode(missingRights, forKey: .missingRights)
        try container.encode(isReadOnly, forKey: .readOnly)
        try container.encode(isTooOld, forKey: .tooOld)
        try container.encode(wrongEncoding, forKey: .wrongEncoding)
        try container.encode(isUsable, forKey: .usable)
    }

    /// For people.
    var text: String {
        let server = serverVersion.map { ", PostgreSQL \($0)" } ?? ", SQLite"
        var lines = ["database: \(place)\(server)"]
        if let user { lines.append("user:     \(user)") }
        if isTooOld {
            let oldest = PostgresReport.oldestServer / 10_000
            lines.append("server:   is too old; use PostgreSQL \(oldest) or newer")
        }
        if isReadOnly {
            lines.append(
                "server:   can't be written to: it is a standby, or set to be read only; name the primary in store.url")
        }
        if let wrongEncoding {
            lines.append("server:   keeps text of this database as \(wrongEncoding); \(PostgresEncoding.hint)")
        }
        lines.append("tables:   \(tables)")
        if !missingRights.isEmpty {
            lines.append("missing:  " + missingRights.joined(separator: ", "))
            lines.append("hint:     run `acode db migrate --grant ROLE` as the user who made the tables")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var tables: String {
        let version = schemaVersion.map { "version \($0)" } ?? "up to date"
        return switch state {
        case .current: schemaVersion == nil ? version : "\(version), up to date"
        case .missing where backend == .sqlite: "none yet; the file is made at first use"
        case .missing where missingRights.isEmpty: "none; run `acode db migrate`"
        case .missing: "not to be seen by this user"
        case .old where backend == .sqlite:
            "\(version), which is old; whatever uses it next brings it up to date, for good"
        case .old: "\(version), which is old; run `acode db migrate`"
        case .newer: "\(version), of a newer program; use that"
        }
    }
}

internal import ArgumentParser
internal import Glibc
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
            var found = DatabaseSummary(backend: .sqlite, place: settings.path)
            // Opening would make it.
            if access(settings.path, F_OK) == 0 { try await context.withStore { _ in } } else { found.state = .missing }
            summary = found
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

    /// Whether tasks can be kept in it. A file is made at its first use.
    var isUsable: Bool {
        (state == .current || (state == .missing && backend == .sqlite)) && missingRights.isEmpty && !isReadOnly
            && !isTooOld && wrongEncoding == nil
    }

    init(backend: StoreBackend, place: String) {
        self.backend = backend
        self.place = place
    }

    init(_ report: PostgresReport, program: Int = PostgresDatabase.version) {
        self.init(backend: .postgresql, place: report.target)
        state =
            switch report.schemaVersion {
            case 0: .missing
            case ..<program: .old
            case program: .current
            default: .newer
            }
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
        case .old: "\(version), which is old; run `acode db migrate`"
        case .newer: "\(version), of a newer program; use that"
        }
    }
}

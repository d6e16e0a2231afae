internal import ArgumentParser
internal import Settings
internal import TaskStore

/// `acode db migrate`.
struct DatabaseMigrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Make the tables of a PostgreSQL database, or bring them up to date.",
        discussion: """
            In one transaction, under a lock: it may be run as often as one likes. It needs the right to make tables, which \
            nothing else of acode does; roles named with --grant may do all the rest. An SQLite file needs none of this.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(help: ArgumentHelp("Let this role run and submit tasks. May be repeated.", valueName: "role"))
    var grant: [String] = []

    @Option(help: ArgumentHelp("Let this role look at everything. May be repeated.", valueName: "role"))
    var grantRead: [String] = []

    func run() async throws {
        let context = try CommandContext(global)
        let settings = context.settings.store
        guard settings.backend == .postgresql else {
            guard grant.isEmpty, grantRead.isEmpty else {
                throw CommandFailure(ExitCodes.usage, "an SQLite file has no roles", hint: "set store.url")
            }
            try await context.withStore { _ in }
            return try context.print(DatabaseMigration(found: nil, version: nil, place: settings.path))
        }
        let database = PostgresDatabase(url: settings.connectionText)
        var roles: [(role: String, access: PostgresDatabase.Access)] = []
        for role in grant { roles.append((role, .use)) }
        for role in grantRead { roles.append((role, .read)) }
        let found: Int
        let place: String
        do throws(StoreError) {
            found = try await database.migrate(granting: roles)
            place = try await database.inspect().target
        } catch {
            throw CommandFailure(error)
        }
        try context.print(DatabaseMigration(found: found, version: PostgresDatabase.version, place: place))
    }
}

/// What a migration did.
struct DatabaseMigration: Encodable, Equatable {
    /// The version there was, 0 for none; `nil` for SQLite, which sees to it by itself.
    var found: Int?
    var version: Int?
    var place: String

    private enum CodingKeys: String, CodingKey { case found, version, place }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(found, forKey: .found)
        try container.encode(version, forKey: .version)
        try container.encode(place, forKey: .place)
    }

    /// For people.
    var text: String {
        guard let found, let version else { return "\(place) is up to date\n" }
        if found == version { return "\(place) is up to date, at version \(version)\n" }
        return found == 0
            ? "\(place): made, at version \(version)\n" : "\(place): from version \(found) to \(version)\n"
    }
}

extension CommandContext {
    fileprivate func print(_ migration: DatabaseMigration) throws {
        console.print(console.isJSON ? try JSONText.pretty(migration) : migration.text)
    }
}

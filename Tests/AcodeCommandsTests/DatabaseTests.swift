import ControlPlane
import Settings
import Testing

@testable import AcodeCommands
@testable import TaskStore

@Suite("Database")
struct DatabaseTests {
    private static func report(
        server: Int = 150_006, encoding: String = "UTF8", readOnly: Bool = false,
        schema: Int = PostgresDatabase.version, missing: [String] = [],
        skew: Double = 0.1, away: Double = 0.001
    ) -> PostgresReport {
        PostgresReport(
            target: "h/d", serverVersion: "15.6", serverVersionNumber: server, encoding: encoding, user: "u",
            isReadOnly: readOnly,
            schemaVersion: schema, missingRights: missing, mayMigrate: false, clockSkew: skew, roundTrip: away)
    }

    @Test(
        arguments: [
            (report(), [.ok, .ok, .ok]),
            (report(server: 120_000), [.fail, .ok, .ok]),
            (report(encoding: "LATIN1"), [.fail, .ok, .ok]),
            (report(readOnly: true), [.fail, .ok, .ok]),
            (report(schema: 0), [.ok, .fail, .ok]),
            (report(schema: PostgresDatabase.version + 1), [.ok, .fail, .ok]),
            (report(missing: ["INSERT on acode.lease"]), [.ok, .ok, .fail, .ok]),
            // Who may not look can't tell that nothing is there.
            (report(schema: 0, missing: ["USAGE on schema acode", "SELECT on acode.task"]), [.ok, .fail, .ok]),
            (report(skew: -30), [.ok, .ok, .warn]),
            (report(away: 0.2), [.warn, .ok, .ok]),
        ] as [(PostgresReport, [DoctorCheck.Status])])
    func aDatabaseIsJudged(report: PostgresReport, expected: [DoctorCheck.Status]) {
        let checks = StoreChecks.judge(report)
        #expect(checks.map(\.status) == expected, "\(checks)")
        #expect(checks.allSatisfy { $0.status == .ok || $0.fix != nil })
    }

    @Test(
        arguments: [
            (PostgresDatabase.version, .current), (0, .missing), (PostgresDatabase.version + 1, .newer),
        ] as [(Int, DatabaseSummary.State)])
    func aSchemaIsCurrentOrNot(version: Int, state: DatabaseSummary.State) {
        let summary = DatabaseSummary(Self.report(schema: version))
        #expect(summary.state == state)
        #expect(summary.text.hasPrefix("database: h/d, PostgreSQL 15.6\nuser:     u\ntables:   "))
    }

    @Test func anOlderSchemaIsToBeMigrated() {
        let summary = DatabaseSummary(Self.report(schema: 1), program: 2)
        #expect(summary.state == .old && !summary.isUsable)
        #expect(summary.text.contains("version 1, which is old; run `acode db migrate`"))
    }

    /// Whether it can be used, and what people are told.
    @Test(
        arguments: [
            (DatabaseSummary(report()), true, "up to date"),
            (DatabaseSummary(report(server: 120_000)), false, "is too old; use PostgreSQL 13 or newer"),
            (DatabaseSummary(report(readOnly: true)), false, "can't be written to"),
            (DatabaseSummary(report(encoding: "LATIN1")), false, "keeps text of this database as LATIN1"),
            (DatabaseSummary(report(schema: 0)), false, "run `acode db migrate`"),
            (DatabaseSummary(report(missing: ["INSERT on acode.lease"])), false, "--grant ROLE"),
            (DatabaseSummary(file: "f", version: nil), true, "made at first use"),
            (DatabaseSummary(file: "f", version: 0), true, "made at first use"),
            (DatabaseSummary(file: "f", version: 2, program: 3), true, "version 2, which is old; whatever uses it"),
            (DatabaseSummary(file: "f", version: 3, program: 3), true, "version 3, up to date"),
            (DatabaseSummary(file: "f", version: 4, program: 3), false, "of a newer program"),
        ] as [(DatabaseSummary, Bool, String)])
    func whetherADatabaseCanBeUsedIsTold(summary: DatabaseSummary, isUsable: Bool, words: String) {
        #expect(summary.isUsable == isUsable)
        #expect(summary.text.contains(words), "\(summary.text)")
    }

    @Test(
        arguments: [
            (.notFound, "the supervisor at h:1 has no log of it"),
            (.misdirected, "at h:1 is a supervisor that is not its own, see supervisor.advertise"),
            (.unauthorized, "m: supervisor.tokenFile must hold the same on both hosts"), (nil, "m"),
        ] as [(ControlFailure.Code?, String)])
    func whyASupervisorHasNoLogIsTold(code: ControlFailure.Code?, words: String) {
        let failure = code.map { ControlFailure($0, "m") }
        let error = ControlClientError(.refused, "m", failure: failure)
        let explained = RemoteLogReader.explained(error, address: "h:1")
        #expect(explained.message == words && explained.failure == failure)
    }

    @Test(arguments: [
        ("10.0.0.1:80", "10.0.0.1", 80), ("[::1]:8443", "::1", 8443), ("a.b:1", "a.b", 1),
    ])
    func anAddressIsReadAsItWasWritten(text: String, host: String, port: Int) {
        let address = LogSources.address(text)
        #expect(address?.host == host && address?.port == port)
        #expect(address?.description == text)
    }

    @Test(arguments: ["", "a", ":80", "a:", "a:b", "a:70000"])
    func whatIsNoAddressIsNone(text: String) { #expect(LogSources.address(text) == nil) }
}

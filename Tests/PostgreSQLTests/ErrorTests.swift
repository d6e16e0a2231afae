import Testing

@testable import PostgreSQL

@Suite("PostgreSQL: errors")
struct ErrorTests {
    @Test(
        arguments: [
            ("40001", true, true), ("40P01", true, true), ("55P03", true, true), ("57P01", true, false),
            ("53300", true, false), ("08006", true, false), ("25006", true, false), ("23505", false, false),
            ("42601", false, false), ("28P01", false, false), ("57014", false, false),
        ] as [(String, Bool, Bool)])
    func theServersCodeSaysWhetherToTryAgain(sqlState: String, isTransient: Bool, isConflict: Bool) {
        let error = PostgresError(.refused, "x", operation: "test", sqlState: sqlState)
        #expect(error.isTransient == isTransient)
        #expect(error.isConflict == isConflict)
    }

    /// A lock that was waited for in vain is likely to be held still.
    @Test(arguments: [("40001", true), ("40P01", true), ("55P03", false), ("57014", false)])
    func onlyWhatIsThroughIsTriedAgainAtOnce(sqlState: String, isWorthRepeating: Bool) {
        let error = PostgresError(.refused, "x", operation: "test", sqlState: sqlState)
        #expect(error.isWorthRepeating == isWorthRepeating)
    }

    @Test(
        arguments: [
            ("connection to server at \"h\" failed: Connection refused\n\tIs it running?", nil, .unreachable),
            ("at \"h\" failed: FATAL:  28P01: no\nLOCATION:  auth_failed, auth.c:326", "28P01", .refused),
            ("at \"h\" failed: ВАЖНО:  28000: no\nHINT:  ask\nLOCATION:  f, a.c:1", "28000", .refused),
            ("at \"h\" failed: FATAL:  3D000: no\nLOCATION:  f, a.c:1", "3D000", .refused),
            ("at \"h\" failed: FATAL:  42501: no", "42501", .refused),
            ("at \"h\" failed: FATAL:  57P03: not yet", "57P03", .unreachable),
            ("at \"h\" failed: FATAL:  53300: too many", "53300", .unreachable),
        ] as [(String, String?, PostgresError.Code)])
    func aLoginIsRefusedByAServerThatKnowsWhom(words: String, sqlState: String?, code: PostgresError.Code) {
        let error = LoginRefusal(words).error { $0 }
        #expect(error.code == code && error.sqlState == sqlState)
        #expect(!error.message.contains("LOCATION") && sqlState.map { !error.message.contains($0) } != false)
    }

    @Test(arguments: PostgresError.Code.allCases)
    func onlyTroubleWithTheConnectionIsTransientByItself(_ code: PostgresError.Code) {
        let isTransient = [.unreachable, .connectionLost, .timedOut, .exhausted, .sessionEnded].contains(code)
        #expect(PostgresError(code, "x", operation: "test").isTransient == isTransient)
    }

    @Test(arguments: [
        ("postgresql://u:hunter2@db.example:5433/name", "db.example:5433/name"),
        ("host=db password=hunter2 dbname=x", "db/x"), ("postgresql:///name?password=hunter2", "local socket/name"),
        ("service=hidden password=hunter2", "service hidden"),
    ])
    func aTargetIsDescribedWithoutItsPassword(text: String, description: String) throws {
        #expect(try ConnectionTarget(text).description == description)
    }

    @Test(arguments: ["postgresql://u:hunter2@[::1/x", "hunter2", "nonsense=hunter2", "host=a\0b password=hunter2"])
    func whatIsNoURLIsNotQuoted(text: String) {
        let error = #expect(throws: PostgresError.self) { _ = try ConnectionTarget(text) }
        #expect(error?.code == .badURL)
        #expect(error.map { !"\($0)".contains("hunter2") } == true)
    }
}

import PostgreSQL
import Testing

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

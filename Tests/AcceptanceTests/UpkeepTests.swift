import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// a database that is in use for long looks after itself.
    @Suite("Upkeep", .timeLimit(.minutes(3)))
    struct Upkeep {
        @Test(
            "a supervisor removes the dead rows of the small tables when it owns them, and says so when it doesn't",
            arguments: [true, false])
        func deadRows(isOwner: Bool) async throws {
            try await TestDatabase.with { database in
                let role = try await database.role("user")
                try await AcodeFixture.with("upkeep-\(isOwner)") { fixture in
                    let made = try await fixture.acode(
                        ["db", "migrate", "--grant", role], environment: ["ACODE_STORE_URL": database.url])
                    #expect(made.code == 0, "\(made)")
                    let counters = SupervisorCounters()
                    var options = counters.options()
                    options.environment = ["ACODE_STORE_URL": isOwner ? database.url : database.url(role: "user")]
                    options.waitsForWorkers = false
                    try await fixture.withSupervisor(.local, options) { supervisor in
                        try await database.sql(
                            """
                            ALTER TABLE acode.parked SET (autovacuum_enabled = false);
                            INSERT INTO acode.parked SELECT 'error', gen_random_uuid() FROM generate_series(1, 6000);
                            DELETE FROM acode.parked
                            """)
                        let words = "the tables parked of the task store fill with dead rows"
                        try await eventually("somebody to look", within: .seconds(40)) {
                            // It may not have begun to tell.
                            let vacuums = (try? await counters.value("acode_store_vacuums_total")) ?? -1
                            return isOwner ? vacuums > 0 : supervisor.process.errorText.contains(words)
                        }
                        #expect(supervisor.process.errorText.contains(words) == !isOwner)
                        let vacuums = try await counters.value("acode_store_vacuums_total")
                        #expect((vacuums > 0) == isOwner, "\(vacuums)")
                    }
                }
            }
        }
    }
}

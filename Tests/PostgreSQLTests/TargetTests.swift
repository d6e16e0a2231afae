import Foundation
import Testing

@testable import PostgreSQL

@Suite("PostgreSQL: what a target says")
struct TargetTests {
    /// libpq would take a part of each of these passwords for a host, a port, a database or an option, and say it in its errors.
    @Test(arguments: [
        "postgresql://u:hun/ter2@db/x", "postgres://u:hun@ter2@db/x", "postgresql://u:hun?sslmode=ter2@db/x",
        "postgresql://u:1#hunter2@db/x", "postgresql://u:1/hunter2@db", "postgresql://u@hunter2:x@db",
        "dbname='postgresql://u:hunter2@db/x'",
    ])
    func aPasswordThatIsNotEscapedIsNeitherGuessedNorTold(text: String) {
        let error = #expect(throws: PostgresError.self) { _ = try ConnectionTarget(text) }
        #expect(error?.code == .badURL)
        for part in ["hun", "ter2"] { #expect(error.map { !"\($0)".contains(part) } == true) }
        #expect(error?.message.contains("%2F") == true)
    }

    @Test(arguments: [
        "postgresql://u:hun%2Fter2@db:5433/x", "postgres://u:hun%40ter2@db/x?application_name=a%40b",
        "postgresql://u:hun:ter2@[::1]/x", "postgresql:///x?host=/run/a", "host=db user=a@b password=p/q@r",
    ])
    func whatIsEscapedIsRead(text: String) throws { _ = try ConnectionTarget(text) }

    @Test func messagesAreCleanedOfEverySecret() throws {
        let target = try ConnectionTarget("host=db password=hunter2 sslpassword=s3cret")
        #expect(
            target.clean("no \"hunter2\"\n\tfor s3cret, other", without: ["other", ""]) == "no \"***\"; for ***, ***")
    }

    /// Hosts, addresses and ports, and what is to be tried.
    @Test(arguments: [
        (["port": "5432"], ["nil nil 5432"]), (["host": "a", "port": "1"], ["a nil 1"]),
        (["host": "a,b", "port": "1"], ["a nil 1", "b nil 1"]),
        (["host": "a,b", "port": "1,2"], ["a nil 1", "b nil 2"]),
        (["host": "a,", "hostaddr": "1.1.1.1,::1", "port": "1"], ["a 1.1.1.1 1", " ::1 1"]),
        (["hostaddr": "1.1.1.1,::1", "port": "1"], ["nil 1.1.1.1 1", "nil ::1 1"]),
        (["host": "a,b", "port": "1,2,3"], ["a,b nil 1,2,3"]),
        (["host": "a", "hostaddr": "1,2", "port": "1"], ["a 1,2 1"]),
    ])
    func eachHostIsTriedByItself(values: [String: String], expected: [String]) {
        let servers = EffectiveOptions(given: [:], values: values).servers
        #expect(servers.map { "\($0.host ?? "nil") \($0.address ?? "nil") \($0.port ?? "nil")" } == expected)
    }

    @Test(arguments: [
        ("any", nil, ["read-write"]), ("any", "any", ["any"]), ("standby", nil, ["standby"]),
        ("prefer-standby", "prefer-standby", ["standby", "any"]),
    ])
    func theQueueWantsAServerThatWrites(effective: String, given: String?, expected: [String]) {
        let options = EffectiveOptions(
            given: given.map { ["target_session_attrs": $0] } ?? [:], values: ["target_session_attrs": effective])
        #expect(options.tries.map(\.session) == expected)
    }

    @Test(arguments: ["127.0.0.1", "::1", "/run/postgresql", "@abstract", ""])
    func nothingIsLookedUpThatIsNoName(host: String) { #expect(!NameLookup.isNeeded(for: host)) }

    @Test func aNameIsLookedUp() {
        #expect(NameLookup.isNeeded(for: "localhost"))
        let found = NameLookup.addresses(of: "localhost", until: .now + .seconds(20), ticket: CancelTicket(Wakeup()))
        #expect(found.contains("127.0.0.1") || found.contains("::1"))
    }

    @Test func waitersAreServedInOrderAndLeaveInTime() {
        var line = WaitingLine<String>()
        let now = ContinuousClock.now
        let numbers = (0..<5).map { _ in line.number() }
        for index in [1, 0, 3, 2, 4] {
            line.join(numbers[index], "\(index)", until: now + .seconds(index == 3 ? 1 : 10))
        }
        #expect(line.popFirst() == "0")
        #expect(line.remove(numbers[2]) == "2")
        #expect(line.remove(numbers[2]) == nil)
        #expect(line.removeExpired(at: now) == [])
        #expect(line.removeExpired(at: now + .seconds(1)) == ["3"])
        #expect(line.popFirst() == "1")
        let late = line.number()
        #expect(line.popFirst() == "4")
        #expect(line.popFirst() == nil)
        line.join(late, "late", until: now)
        #expect(line.count == 1)
        #expect(line.popFirst() == "late")
        #expect(line.isEmpty)
    }
}

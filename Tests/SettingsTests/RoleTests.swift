import Testing

@testable import Settings

@Suite("Roles")
struct RoleTests {
    private static let roles = """
        roles:
          heavy: {queues: [long-running-tasks], orchestrate: false, http: false}
          light: {queues: [raster-tasks, vector-tasks]}
          platform: {queues: none, http: true}
          quiet: {queues: none, orchestrate: false}
          all: {queues: all}
          plain: {orchestrate: false}

        """

    private static func duties(_ text: String, environment: [String: String] = [:]) throws -> SupervisorDuties {
        try load(roles + text, environment: environment).settings.duties
    }

    @Test("without a role a supervisor does everything it is set up for")
    func none() throws {
        #expect(
            try Self.duties("") == SupervisorDuties(role: nil, consumes: .all, orchestrates: true, listens: nil))
        let own = try Self.duties("queue: {queues: [a]}\nhttp: {listen: \"127.0.0.1:80\"}")
        #expect(own.consumes == .only(["a"]) && own.listens?.port == 80)
    }

    @Test("a role says which queues it consumes, whether it orchestrates, and whether it serves HTTP")
    func each() throws {
        let http = "http: {listen: \"127.0.0.1:80\"}\n"
        let heavy = try Self.duties(http, environment: ["ACODE_ROLE": "heavy"])
        #expect(
            heavy
                == SupervisorDuties(
                    role: "heavy", consumes: .only(["long-running-tasks"]), orchestrates: false, listens: nil))
        let light = try Self.duties(http, environment: ["ACODE_SUPERVISOR_ROLE": "light"])
        #expect(light.queues == ["raster-tasks", "vector-tasks"] && light.orchestrates && light.listens?.port == 80)
        let platform = try Self.duties(http + "supervisor: {role: platform}")
        #expect(!platform.runsTasks && platform.queues == [""] && platform.orchestrates && platform.listens != nil)
        #expect(try Self.duties("supervisor: {role: all}").consumes == .all)
        #expect(try Self.duties("supervisor: {role: plain}\nqueue: {queues: [a]}").consumes == .only(["a"]))
        let fewer = try Self.duties("supervisor: {role: light}\nqueue: {queues: [vector-tasks]}")
        #expect(fewer.queues == ["vector-tasks"])
    }

    @Test(
        "a combination that can't work is refused, and says why",
        arguments: [
            ("supervisor: {role: hevy}", "8:20: supervisor.role: there is no role hevy (did you mean heavy?)"),
            (
                "supervisor: {role: platform}",
                "8:20: supervisor.role: the role platform serves HTTP, and http.listen does not say where "
                    + "(set http.listen, as in 127.0.0.1:8080)"
            ),
            (
                "supervisor: {role: quiet}",
                "8:20: supervisor.role: the role quiet has nothing to do: it consumes no queue, does not orchestrate, and "
                    + "http.listen does not say where to serve HTTP"
            ),
            (
                "{supervisor: {role: light}, queue: {queues: [raster-tasks, other]}}".dropBraces,
                "9:32: queue.queues[1]: the role light does not consume the queue other, but raster-tasks, vector-tasks "
                    + "(leave queue.queues (--queue) empty, or take another role)"
            ),
            (
                "{supervisor: {role: quiet}, queue: {queues: [a]}}".dropBraces,
                "8:20: supervisor.role: the role quiet consumes no queue, but queue.queues names a "
                    + "(leave queue.queues (--queue) empty, or take another role)"
            ),
        ])
    func refused(text: String, expected: String) throws {
        #expect(try problems(Self.roles + text) == ["acode.yaml:\(expected)"])
    }

    @Test(
        "mistakes in a role are told",
        arguments: [
            (
                "{queues: []}",
                "expected one of all, none, or a list of queues, found an empty list (write none, or all)"
            ),
            ("{queues: heavy}", "found \"heavy\" (write [heavy] for the queue of that name)"),
            ("{queues: none, orchestrate: false, http: false}", "has nothing to do"),
            ("{orchestrates: true}", "roles.a.orchestrates: is not a known key (did you mean orchestrate?)"),
        ])
    func mistakes(text: String, expected: String) throws {
        let found = try problems("roles: {a: \(text)}")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test("what nobody would do is told as a warning")
    func warnings() throws {
        let text = "queue: {declared: [a, b]}\nroles: {x: {queues: [a], orchestrate: false}}"
        #expect(
            try load(text).warnings.map(\.message) == [
                "no role orchestrates, so nobody gives back what supervisors held that died",
                "no role consumes the queue b",
            ])
        #expect(try load(Self.roles).warnings.isEmpty)
    }
}

extension String {
    /// Two keys of a flow mapping, each on a line.
    fileprivate var dropBraces: String { String(dropFirst().dropLast()).replacing("}, ", with: "}\n") }
}

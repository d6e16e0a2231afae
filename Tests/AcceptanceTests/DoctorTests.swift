import TestSupport
import Testing

extension Acceptance {
    /// What is here, what is missing, how to fix it.
    @Suite("Doctor", .timeLimit(.minutes(3)))
    struct Doctor {
        @Test("finds the engine and names its version", arguments: Engine.all)
        func withEngine(_ engine: Engine) async throws {
            try await AcodeFixture.with("doctor-\(engine)") { fixture in
                let variables = ["DOCKER_HOST": "unix://\(try engine.socket)"]
                let page = try await fixture.acode(["doctor"], environment: variables)
                #expect(page.code == 0, "\(page)")
                #expect(page.text.contains(try engine.socket))
                let version = try await engine.api.json("GET", "/version")["Version"].string ?? "?"
                #expect(page.text.contains(version))
                let json = try await fixture.acode(["doctor", "--json"], environment: variables).json()
                let text = try json.encoded()
                #expect(text.contains("\"ok\""))
                #expect(text.contains("agent"))
            }
        }

        @Test("without an engine it says where it looked and what to do, and fails where falling back is not allowed")
        func withoutEngine() async throws {
            let variables = ["DOCKER_HOST": "unix:///no/such/docker.sock"]
            for (allowed, code, verdict) in [(true, Int32(0), "warn"), (false, 1, "fail")] {
                try await AcodeFixture.with("doctor-\(verdict)", settings: ["workers.fallback": .bool(allowed)]) {
                    fixture in
                    let page = try await fixture.acode(["doctor"], environment: variables)
                    #expect(page.code == code, "\(page)")
                    #expect(page.text.contains("/no/such/docker.sock"))
                    #expect(page.text.contains("fix:"))
                    #expect(page.text.contains(verdict), "\(page)")
                    let json = try await fixture.acode(["doctor", "--json"], environment: variables)
                    #expect(json.code == code)
                    #expect(try JSONValue(parsing: json.output).encoded().contains("\"\(verdict)\""))
                }
            }
        }

        @Test("changes nothing: it makes neither state nor runtime directory")
        func changesNothing() async throws {
            try await AcodeFixture.with { fixture in
                let variables = ["DOCKER_HOST": "unix:///no/such/docker.sock"]
                _ = try await fixture.acode(["doctor"], environment: variables)
                let listing = try await ChildProcess.tool(
                    ProcessPlan("/bin/ls", [fixture.directory]), within: .seconds(5))
                #expect(!listing.lines.contains("run"))
            }
        }
    }
}

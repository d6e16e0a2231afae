import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-008…011, NFR-003: how images are pulled, from a real registry on loopback that goes wrong on demand.
    @Suite("Pulls", .timeLimit(.minutes(8)))
    struct Pulls {
        @Test("an image comes by tag and by digest, and is the same", arguments: Engine.all)
        func tagAndDigest(_ engine: Engine) async throws {
            try await AcodeFixture.with("pull-\(engine)") { fixture in
                let registry = try TestRegistry.public
                let digest = try await registry.push("t/\(fixture.id)")
                let byTag = try await fixture.pull("\(registry.host)/t/\(fixture.id):1", ["--json"], on: engine).json()
                let byDigest = try await fixture.pull(
                    "\(registry.host)/t/\(fixture.id)@\(digest)", ["--json"], on: engine
                ).json()
                #expect(byTag["digest"].string == digest)
                #expect(byDigest["digest"].string == digest)
                #expect(byTag["id"].string?.hasPrefix("sha256:") == true)
                #expect(byTag["id"] == byDigest["id"])
                #expect(byTag["created"] == "2026-01-02T03:04:05.000Z")
                #expect((byTag["size"].int ?? 0) > 100_000)
            }
        }

        @Test("always brings a tag that changed; ifNotPresent and never do not ask", arguments: Engine.all)
        func policies(_ engine: Engine) async throws {
            try await AcodeFixture.with("policy-\(engine)") { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                let image = "\(proxy.host)/t/\(fixture.id):1"
                try await registry.push("t/\(fixture.id)")
                let refused = try await fixture.pull(image, ["--policy", "never"], on: engine)
                #expect(refused.code == 1)
                #expect(refused.errorText.contains(image) && refused.errorText.contains("pullPolicy is never"))
                #expect(proxy.connectionCount == 0)

                let first = try await fixture.pull(image, ["-q", "--policy", "ifNotPresent"], on: engine).succeeded()
                try await registry.push("t/\(fixture.id)")
                let asked = proxy.connectionCount
                for policy in ["ifNotPresent", "never"] {
                    let same = try await fixture.pull(image, ["-q", "--policy", policy], on: engine).succeeded()
                    #expect(same.text == first.text)
                }
                #expect(proxy.connectionCount == asked)
                let changed = try await fixture.pull(image, ["-q", "--policy", "always"], on: engine).succeeded()
                #expect(changed.text != first.text)
            }
        }

        @Test("a missing tag is refused at once, in the registry's words", arguments: Engine.all)
        func missingTag(_ engine: Engine) async throws {
            try await AcodeFixture.with("missing-tag-\(engine)") { fixture in
                let registry = try TestRegistry.public
                try await registry.push("t/\(fixture.id)")
                let run = try await fixture.pull("\(registry.host)/t/\(fixture.id):2", on: engine)
                #expect(run.code == 1)
                #expect(run.text.isEmpty)
                #expect(run.errorText.contains("manifest unknown"))
                #expect(run.errorText.contains("check its name and tag"))
                #expect(!run.errorText.contains("trying again"))
            }
        }

        @Test("a reference that can't be one is a usage error")
        func badReference() async throws {
            try await AcodeFixture.with("bad-reference") { fixture in
                let run = try await fixture.acode("image", "pull", "Not An Image")
                #expect(run.code == 64)
                #expect(run.errorText.contains("Not An Image"))
            }
        }

        @Test("a slow pull shows its progress", arguments: Engine.all)
        func slow(_ engine: Engine) async throws {
            try await AcodeFixture.with("slow-\(engine)") { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                try await registry.push("t/\(fixture.id)", padding: 2_000_000)
                proxy.inject(.slow(bytesPerSecond: 500_000), onRequestsContaining: "/blobs/")
                let run = try await fixture.pull("\(proxy.host)/t/\(fixture.id):1", on: engine).succeeded()
                let lines = run.errorText.split(separator: "\n")
                #expect(lines.contains { $0.contains("pulling") && $0.contains("MiB") && $0.contains("%") }, "\(run)")
                #expect(lines.count < 20)
            }
        }

        @Test("a connection that breaks in the middle is survived", arguments: Engine.all)
        func cut(_ engine: Engine) async throws {
            try await AcodeFixture.with("cut-\(engine)") { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                try await registry.push("t/\(fixture.id)", padding: 1_000_000)
                proxy.inject(.cutBody(afterBytes: 300_000), onRequestsContaining: "/blobs/", times: 2)
                let run = try await fixture.pull("\(proxy.host)/t/\(fixture.id):1", ["-q"], on: engine).succeeded()
                #expect(run.text.hasPrefix("sha256:"))
                // Docker goes on where it was by itself; Podman gives up, and is asked again.
                if engine == .podman { #expect(run.errorText.contains("trying again")) }
            }
        }

        @Test("trouble that stays is told after all retries", arguments: Engine.all)
        func stays(_ engine: Engine) async throws {
            try await AcodeFixture.with("stays-\(engine)", settings: ["workers.docker.pullRetries": 1]) { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                try await registry.push("t/\(fixture.id)")
                proxy.inject(.status(503), onRequestsContaining: "/manifests/")
                let run = try await fixture.pull("\(proxy.host)/t/\(fixture.id):1", on: engine)
                #expect(run.code == 1)
                #expect(run.errorText.contains("503"))
                #expect(run.errorText.contains("after 2 attempts"))
                #expect(run.errorText.components(separatedBy: "trying again").count == 2)
            }
        }

        @Test("an error inside a stream that began well is one", arguments: Engine.all)
        func missingBlob(_ engine: Engine) async throws {
            try await AcodeFixture.with("blob-\(engine)", settings: ["workers.docker.pullRetries": 0]) { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                try await registry.push("t/\(fixture.id)")
                let words = #"{"errors":[{"code":"BLOB_UNKNOWN","message":"blob is gone"}]}"#
                proxy.inject(.status(404, body: words), onRequestsContaining: "/blobs/")
                let run = try await fixture.pull("\(proxy.host)/t/\(fixture.id):1", on: engine)
                #expect(run.code == 1)
                #expect(run.text.isEmpty)
                #expect(run.errorText.contains("t/\(fixture.id):1 can't be pulled"), "\(run)")
                #expect(run.errorText.contains("blob"), "\(run)")
            }
        }

        @Test("a pull without progress is broken off", arguments: Engine.all)
        func stalls(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.pullIdleTimeout": "2s", "workers.docker.pullRetries": 0,
            ]
            try await AcodeFixture.with("stalls-\(engine)", settings: settings) { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                try await registry.push("t/\(fixture.id)", padding: 1_000_000)
                proxy.inject(.stall(afterBytes: 300_000), onRequestsContaining: "/blobs/")
                let run = try await fixture.pull("\(proxy.host)/t/\(fixture.id):1", on: engine)
                #expect(run.code == 1)
                #expect(run.errorText.contains("no progress for 2 s"))
                #expect(run.errorText.contains("pullIdleTimeout"))
            }
        }

        @Test("a pull that never ends is broken off", arguments: Engine.all)
        func takesTooLong(_ engine: Engine) async throws {
            try await AcodeFixture.with("too-long-\(engine)", settings: ["workers.docker.pullTimeout": "3s"]) {
                fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                try await registry.push("t/\(fixture.id)", padding: 2_000_000)
                proxy.inject(.slow(bytesPerSecond: 40_000), onRequestsContaining: "/blobs/")
                let run = try await fixture.pull("\(proxy.host)/t/\(fixture.id):1", on: engine)
                #expect(run.code == 1)
                #expect(run.errorText.contains("not done after 3 s"))
                #expect(run.errorText.contains("pullTimeout"))
            }
        }

        @Test("too many requests: the registry's own wait is kept", arguments: Engine.all)
        func rateLimit(_ engine: Engine) async throws {
            try await AcodeFixture.with("rate-limit-\(engine)") { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                try await registry.push("t/\(fixture.id)")
                let words = #"{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1s, allowed: 1/second"}]}"#
                // Docker asks twice an attempt.
                proxy.inject(
                    .status(429, body: words, header: "Retry-After: 1"), onRequestsContaining: "/manifests/", times: 2)
                let run = try await fixture.pull("\(proxy.host)/t/\(fixture.id):1", ["-q"], on: engine).succeeded()
                #expect(run.text.hasPrefix("sha256:"))
                // Docker hands the words up; Podman waits by itself, as long as the header says.
                if engine == .docker {
                    #expect(run.errorText.contains("toomanyrequests"))
                    #expect(run.errorText.contains("trying again in 1."))
                }
                // Without the registry's word both would have waited for longer.
                #expect(run.elapsed > .seconds(1) && run.elapsed < .seconds(4.5), "\(run)")
            }
        }
    }
}

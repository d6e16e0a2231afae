import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-056…062: what of the host a task sees.
    @Suite("Mounts", .timeLimit(.minutes(3)))
    struct Mounts {
        @Test("the pool's and a task's mounts are there, read-only where asked for", arguments: Engine.all)
        func mounts(_ engine: Engine) async throws {
            let base = "/tmp/acode-mounts-\(UInt32.random(in: 0...(.max)))"
            for name in ["pool", "allowed"] {
                try FileManager.default.createDirectory(
                    atPath: "\(base)/\(name)", withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o777])
                try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: "\(base)/\(name)")
            }
            defer { try? FileManager.default.removeItem(atPath: base) }
            let settings: [String: JSONValue] = [
                "workers.docker.mounts": [["source": .string("\(base)/pool"), "target": "/pool", "readOnly": true]],
                "workers.docker.allowedMounts": [.string("\(base)/allowed")],
            ]
            try await AcodeFixture.with("mounts-\(engine)", settings: settings) { fixture in
                try fixture.write("from the host\n", to: "\(base)/pool/file")
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.runScript(
                        "cat /pool/file; touch /pool/x 2>/dev/null || echo read-only; echo written > /mine/file",
                        ["--mount", "\(base)/allowed:/mine"])
                    #expect(run.text == "from the host\nread-only\n", "\(run)")
                    #expect(try String(contentsOfFile: "\(base)/allowed/file", encoding: .utf8) == "written\n")
                    let readOnly = try await fixture.runScript(
                        "touch /mine/x 2>/dev/null || echo read-only", ["--mount", "\(base)/allowed:/mine:ro"])
                    #expect(readOnly.text == "read-only\n")
                    for source in ["\(base)/pool", "/etc", "\(base)/allowed/../pool", try engine.socket] {
                        let refused = try await fixture.submitAndWait(["--mount", "\(source):/mine"], ["true"])
                        #expect(refused.code != 0, "\(source)")
                        #expect(refused.errorText.contains("mount"), "\(refused)")
                    }
                }
            }
        }

        @Test("a link inside an allowed directory is no way out of it", arguments: Engine.all)
        func link(_ engine: Engine) async throws {
            let base = "/tmp/acode-mounts-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: "\(base)/allowed", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: "\(base)/allowed/out", withDestinationPath: "/etc")
            defer { try? FileManager.default.removeItem(atPath: base) }
            let settings: [String: JSONValue] = ["workers.docker.allowedMounts": [.string("\(base)/allowed")]]
            try await AcodeFixture.with("link-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.submitAndWait(
                        ["--mount", "\(base)/allowed/out:/mine:ro"], ["cat", "/mine/hostname"])
                    #expect(run.code == 1)
                    #expect(run.output.isEmpty, "\(run)")
                    #expect(run.errorText.contains("/etc is not in a directory that tasks may mount"), "\(run)")
                }
            }
        }

        @Test("what nobody may mount is refused by its name and behind a link, and told why", arguments: Engine.all)
        func forbidden(_ engine: Engine) async throws {
            let base = "/tmp/acode-mounts-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: base) }
            let data = try #require(try await engine.api.json("GET", "/info")["DockerRootDir"].string)
            let settings: [String: JSONValue] = ["workers.docker.allowedMounts": [.string(base)]]
            try await AcodeFixture.with("forbidden-\(engine)", settings: settings) { fixture in
                let places: [(source: String, words: String)] = [
                    ("/", "/ is the whole host"), ("/proc", "/proc belongs to the kernel"),
                    ("/proc/1", "it lies in /proc, which belongs to the kernel"),
                    ("/sys", "/sys belongs to the kernel"), ("/dev", "/dev belongs to the kernel"),
                    (fixture.stateDirectory, "holds acode's own state"),
                    (fixture.runtimeDirectory, "holds acode's own state"),
                    (fixture.directory, "it contains \(fixture.stateDirectory), which holds acode's own state"),
                    (try engine.socket, "gives control of the engine"),
                    (data, "\(data) holds the engine's data"),
                    ("\(data)/..", "it contains "),
                ]
                try await fixture.withSupervisor(.of(engine)) { _ in
                    for (index, place) in places.enumerated() {
                        let link = "\(base)/link-\(index)"
                        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: place.source)
                        for source in [place.source, link] {
                            let run = try await fixture.submitAndWait(["--mount", "\(source):/mine:ro"], ["true"])
                            #expect(run.code != 0 && run.errorText.contains(place.words), "\(source): \(run)")
                        }
                    }
                }
                // Nor can a configuration allow it.
                let wide = try await fixture.acode(
                    ["config", "validate"], environment: ["ACODE_WORKERS_DOCKER_ALLOWED_MOUNTS": "[/, /proc/sys]"])
                #expect(wide.code == 78, "\(wide)")
                let words = wide.text + wide.errorText
                #expect(words.contains("/ is the whole host") && words.contains("it lies in /proc"), "\(wide)")
            }
        }

        @Test("a mounted directory that was replaced is not what a waiting worker still has", arguments: Engine.all)
        func replacedSource(_ engine: Engine) async throws {
            let base = "/tmp/acode-mounts-\(UInt32.random(in: 0...(.max)))"
            defer { try? FileManager.default.removeItem(atPath: base) }
            let settings: [String: JSONValue] = ["workers.docker.allowedMounts": [.string(base)]]
            try await AcodeFixture.with("replaced-source-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    for text in ["old", "new"] {
                        try? FileManager.default.moveItem(atPath: "\(base)/data", toPath: "\(base)/before")
                        try FileManager.default.createDirectory(
                            atPath: "\(base)/data", withIntermediateDirectories: true)
                        try fixture.write("\(text)\n", to: "\(base)/data/file")
                        let run = try await fixture.submitAndWait(
                            ["--mount", "\(base)/data:/mine:ro"], ["cat", "/mine/file"])
                        #expect(run.text == "\(text)\n", "\(run)")
                    }
                }
            }
        }

        @Test("a source that isn't there is told, and not made", arguments: Engine.all)
        func missingSource(_ engine: Engine) async throws {
            let base = "/tmp/acode-mounts-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: base) }
            let settings: [String: JSONValue] = ["workers.docker.allowedMounts": [.string(base)]]
            try await AcodeFixture.with("missing-source-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.submitAndWait(["--mount", "\(base)/nowhere:/mine"], ["true"])
                    #expect(run.code == 1)
                    #expect(run.errorText.contains("\(base)/nowhere"))
                    #expect(!FileManager.default.fileExists(atPath: "\(base)/nowhere"))
                }
            }
        }
    }
}

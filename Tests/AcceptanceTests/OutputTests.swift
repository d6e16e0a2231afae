import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-026, FR-027: every byte, on the right stream, as it comes.
    @Suite("Output", .timeLimit(.minutes(5)), .sharedPools())
    struct Output {
        @Test("a burst of 50 MB is complete to the byte, live and in the log", arguments: Backend.all)
        func burst(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.runScript(
                "head -c 50000000 /dev/urandom > /tmp/burst; sha256sum /tmp/burst >&2; cat /tmp/burst; rm /tmp/burst",
                ["--name", "burst"], within: .seconds(90)
            ).succeeded()
            let digest = String(run.errorText.prefix(64))
            #expect(run.output.count == 50_000_000)
            #expect(try await Digest.sha256(run.output) == digest)
            let id = try #require(try await fixture.task(named: "burst")["id"].string)
            let log = try await ChildProcess.run(
                fixture.plan(["task", "logs", id]), logs: fixture.logs, within: .seconds(60))
            #expect(try await Digest.sha256(log.output) == digest)
            #expect(log.errorText.hasPrefix(digest))
        }

        @Test("the last line needs no newline", arguments: Backend.all)
        func lastLineWithoutNewline(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            for round in 1...5 {
                let run = try await fixture.runScript("echo one; printf 'two, the end \(round)'")
                #expect(run.text == "one\ntwo, the end \(round)")
                #expect(run.code == 0)
            }
        }

        @Test("every byte value passes unchanged", arguments: Backend.all)
        func binaryBytes(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let script = "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %03o $i)\"; i=$((i+1)); done"
            let run = try await fixture.runScript(script + "; printf '\\n\\n\\r\\n\\000\\n\\377'")
            #expect(run.output == Array(0...255) + [10, 10, 13, 10, 0, 10, 255])
        }

        @Test("standard error stays apart from standard output", arguments: Backend.all)
        func streamsApart(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.runScript("echo a; echo b >&2; echo c; printf d >&2")
            #expect(run.text == "a\nc\n")
            #expect(run.errorText == "b\nd")
        }

        @Test("output appears while the command runs", arguments: Backend.all)
        func liveOutput(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let plan = fixture.plan(
                ["task", "submit", "--wait", "--", "sh", "-c", "echo first; sleep 3; echo second"])
            let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { process in
                try await eventually("the first line") { process.output.text == "first\n" }
                #expect(!process.hasEnded)
                try await process.waitForEnd(within: .seconds(20))
            }
            #expect(ending.process.text == "first\nsecond\n")
        }

        @Test("many lines keep their order and their number", arguments: Backend.all)
        func manyLines(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.runScript("seq 1 200000")
            #expect(run.text == (1...200_000).map { "\($0)\n" }.joined())
        }

        @Test("one line of 3 MB is not cut", arguments: Backend.all)
        func longLine(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.runScript("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after")
            #expect(run.output.count == 3_000_007)
            #expect(run.text.hasSuffix("x\nafter\n"))
        }

        @Test("a command that writes nothing leaves an empty log", arguments: Backend.all)
        func nothing(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.submitAndWait(["--name", "silent"], ["true"])
            #expect(run.output.isEmpty && run.errorBytes.isEmpty && run.code == 0)
            let id = try #require(try await fixture.task(named: "silent")["id"].string)
            let log = try await fixture.acode("task", "logs", id)
            #expect(log.output.isEmpty && log.errorBytes.isEmpty && log.code == 0)
        }

        @Test("the log file has one CRI entry a line and nobody else may read it", arguments: Backend.all)
        func logFile(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            try await fixture.submitAndWait(["--name", "cri"], ["sh", "-c", "echo a; printf b >&2"]).succeeded()
            let id = try #require(try await fixture.task(named: "cri")["id"].string)
            let path = "\(fixture.stateDirectory)/logs/\(id)/1.log"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z/
            let lines = text.split(separator: "\n").sorted { $0.suffix(3) < $1.suffix(3) }
            #expect(lines.count == 2)
            #expect(lines[0].hasSuffix(" stdout F a") && lines[1].hasSuffix(" stderr P b"))
            for line in lines { #expect(line.prefixMatch(of: time) != nil) }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    /// The cap of a log; on local workers, because the log is the supervisor's own.
    @Suite("Log size", .timeLimit(.minutes(3)))
    struct LogSize {
        @Test("beyond the cap the head and the tail stay, with the count of what is left out")
        func cap() async throws {
            try await AcodeFixture.with(settings: ["logs.maxBytesPerAttempt": "64KiB"]) { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let id = try await fixture.submitScript("seq 1 100000")
                    try await fixture.waitFor(id, state: "complete")
                    let log = try await fixture.acode("task", "logs", id)
                    let marker = try #require(log.errorText.firstMatch(of: /(\d+) bytes of output were left out here/))
                    let whole = (1...100_000).map { "\($0)\n" }.joined()
                    #expect(log.output.count <= 64 << 10)
                    #expect(log.output.count + (Int(marker.1) ?? 0) == whole.utf8.count)
                    #expect(log.text.hasPrefix("1\n2\n3\n") && log.text.hasSuffix("99999\n100000\n"))
                    let attempt = try await fixture.task(id)["attempts"][0]
                    #expect(attempt["usage"]["outputDropped"].int == Int(marker.1))
                }
            }
        }
    }
}

import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// R-5, FR-058, FR-059: what a task finds and leaves beside its standard streams.
    @Suite("Output files", .timeLimit(.minutes(5)))
    struct OutputFiles {
        /// Runs `body` with a pool of one and a directory that outputs may be put into.
        private func withPool(
            _ name: String, _ backend: Backend, flags: [String] = [],
            _ body: (AcodeFixture, _ artifacts: String) async throws -> Void
        ) async throws {
            let artifacts = "/tmp/acode-artifacts-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: artifacts, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: artifacts) }
            let settings: [String: JSONValue] = ["outputs.allowedDirectories": [.string(artifacts)]]
            try await AcodeFixture.with("\(name)-\(backend)", settings: settings) { fixture in
                var options = PoolOptions()
                options.flags += flags
                try await fixture.withSupervisor(backend, options) { _ in try await body(fixture, artifacts) }
            }
        }

        private func content(_ path: String) -> String? {
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        }

        @Test("outputs are in their places after success, whole, with nothing beside them", arguments: Backend.all)
        func stored(_ backend: Backend) async throws {
            try await withPool("outputs-stored", backend) { fixture, artifacts in
                let id = try await fixture.submitScript(
                    """
                    cd $ACODE_OUTPUT_DIR; echo all good > report.txt; chmod 6000 report.txt; mkdir -p site/deep
                    echo page > site/deep/index; ln -s deep/index site/start; echo not declared > other
                    """, ["--output", "report.txt", "--output", "site:\(artifacts)/new/site"])
                let task = try await fixture.waitFor(id, state: "complete")
                #expect(task["reason"] == "exited with code 0")
                let report = "\(fixture.stateDirectory)/outputs/\(id)/report.txt"
                #expect(content(report) == "all good\n")
                #expect(content("\(artifacts)/new/site/start") == "page\n")
                let attributes = try FileManager.default.attributesOfItem(atPath: report)
                #expect(attributes[.ownerAccountID] as? UInt32 == getuid())
                #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o7000 } == 0)
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: "\(artifacts)/new").sorted() == [
                        ".acode-site.json", "site",
                    ])
                let events = try await fixture.json("task", "events", id).elements
                #expect(events.count { $0["kind"] == "output_stored" } == 2)
                // What one task leaves, the next one does not see.
                let next = try await fixture.runScript("ls -A $ACODE_OUTPUT_DIR; ls -A $ACODE_TEMP_DIR; ls -A .")
                #expect(next.text.isEmpty, "\(next)")
            }
        }

        @Test(
            "an attempt that does not leave what it promised has failed, and nothing is visible", arguments: Backend.all
        )
        func refused(_ backend: Backend) async throws {
            try await withPool("outputs-refused", backend) { fixture, artifacts in
                let cases: [(script: String, code: Int32, words: String)] = [
                    ("true", 1, "did not leave the output out"),
                    (": > $ACODE_OUTPUT_DIR/out", 1, "an empty file"),
                    ("mkdir -p $ACODE_OUTPUT_DIR/out/x", 1, "a directory without a file"),
                    ("ln -s /etc/passwd $ACODE_OUTPUT_DIR/out", 1, "a symbolic link"),
                    ("mkdir $ACODE_OUTPUT_DIR/out; ln -s /etc/passwd $ACODE_OUTPUT_DIR/out/x", 1, "leads out of it"),
                    ("mkfifo $ACODE_OUTPUT_DIR/out", 1, "neither a file nor a directory"),
                    (
                        "rmdir $ACODE_OUTPUT_DIR; ln -s /etc $ACODE_OUTPUT_DIR", 1,
                        "symbolic link, which is not followed"
                    ),
                    ("echo half > $ACODE_OUTPUT_DIR/out; exit 5", 5, "exited with code 5"),
                ]
                for (index, test) in cases.enumerated() {
                    let run = try await fixture.runScript(
                        test.script, ["--output", "out:\(artifacts)/out", "--name", "case-\(index)"])
                    let task = try await fixture.task(named: "case-\(index)")
                    #expect(run.code == test.code, "\(test.script): \(run)")
                    #expect(task["outcome"] == "failed")
                    #expect(task["reason"].string?.contains(test.words) == true, "\(test.script): \(task["reason"])")
                    #expect(try FileManager.default.contentsOfDirectory(atPath: artifacts) == [], "\(test.script)")
                }
                let elsewhere = try await fixture.runScript("true", ["--output", "out:/srv/out"])
                #expect(elsewhere.code == 1)
                #expect(elsewhere.errorText.contains("outputs.allowedDirectories"), "\(elsewhere)")
                let wrong = try await fixture.runScript("true", ["--output", "../out"])
                #expect(wrong.code == 64)
            }
        }

        @Test("a complete output skips the work, one that was changed does not", arguments: Backend.all)
        func skipped(_ backend: Backend) async throws {
            let port = Loopback.freePort()
            try await withPool("outputs-skipped", backend, flags: ["--listen", "127.0.0.1:\(port)"]) {
                fixture, artifacts in
                let place = "\(artifacts)/answer"
                func run(_ text: String) async throws -> FinishedProcess {
                    try await fixture.runScript(
                        "echo ran; echo \(text) > $ACODE_OUTPUT_DIR/answer", ["--output", "answer:\(place)"])
                }
                #expect(try await run("one").text == "ran\n")
                let again = try await run("two")
                #expect(again.code == 0 && again.text.isEmpty, "\(again)")
                #expect(content(place) == "one\n")
                let newest = try #require(try await fixture.tasks().first)
                #expect(newest["outcome"] == "succeeded")
                #expect(newest["reason"].string?.hasPrefix("skipped: ") == true, "\(newest)")
                #expect(newest["reason"].string?.contains(place) == true)
                let metrics = try await ChildProcess.tool(
                    ProcessPlan("/usr/bin/curl", ["-sS", "--max-time", "5", "http://127.0.0.1:\(port)/metrics"]),
                    within: .seconds(10))
                #expect(metrics.text.contains("acode_duplicate_skips_total 1\n"), "\(metrics)")
                try fixture.write("somebody else's\n", to: place)
                #expect(try await run("three").text == "ran\n")
                #expect(content(place) == "three\n")
            }
        }

        @Test(
            "the task file says who the task is; the result is shown, masked, and has to be JSON",
            arguments: Backend.all)
        func results(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = ["secrets": ["token": ["command": ["printf", "s3cr3t-value"]]]]
            try await AcodeFixture.with("results-\(backend)", settings: settings) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let described = try await fixture.runScript(
                        "cat $ACODE_TASK_FILE; (echo x >> $ACODE_TASK_FILE) 2>/dev/null && echo writable >&2",
                        ["--name", "me"])
                    // A local task of root's can write to whatever it likes.
                    #expect(described.errorText.contains("writable") == (backend == .local && getuid() == 0))
                    let document = try JSONValue(parsing: described.output)
                    let id = try await fixture.task(named: "me")["id"]
                    #expect(document["id"] == id && document["name"] == "me" && document["attempt"] == 1)
                    let good = try await fixture.submitScript(
                        #"echo "{\"n\": 1.5, \"key\": \"$(cat $ACODE_SECRETS_DIR/token)\"}" > $ACODE_RESULT_FILE"#,
                        ["--secret", "token"])
                    let task = try await fixture.waitFor(good, state: "complete")
                    #expect(task["result"] == ["n": 1.5, "key": "[secret token]"], "\(task)")
                    let wrong: [(script: String, words: String)] = [
                        ("echo '{\"n\": ' > $ACODE_RESULT_FILE", "not JSON"),
                        ("head -c 70000 /dev/zero > $ACODE_RESULT_FILE", "more than 65536 bytes"),
                        ("ln -s /etc/hostname $ACODE_RESULT_FILE", "result file"),
                    ]
                    for (script, words) in wrong {
                        let id = try await fixture.submitScript(script)
                        let task = try await fixture.waitFor(id, state: "error")
                        #expect(task["reason"].string?.contains(words) == true, "\(script): \(task["reason"])")
                        #expect(task["result"] == .null)
                    }
                    // The result of a command that failed tells why it did.
                    let failed = try await fixture.submitScript("echo '[\"why\"]' > $ACODE_RESULT_FILE; exit 4")
                    #expect(try await fixture.waitFor(failed, state: "error")["result"] == ["why"])
                }
            }
        }

        @Test("`acode run` puts outputs into the current directory", arguments: Engine.all)
        func oneOff(_ engine: Engine) async throws {
            try await AcodeFixture.with("run-output-\(engine)") { fixture in
                for text in ["first", "second"] {
                    try await fixture.acode(
                        "run", "--image", TestImage.busybox, "--engine-socket", try engine.socket, "--output", "here",
                        "--", "sh", "-c", "echo \(text) > $ACODE_OUTPUT_DIR/here"
                    ).succeeded()
                    #expect(content("\(fixture.scratch)/here") == "\(text)\n")
                    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.scratch) == ["here"])
                }
            }
        }
    }
}

import Foundation
import TestSupport
import Testing

/// `scripts/lib/acceptance` with a test runner that is told how its suites end, and engines that are none.
@Suite("The runner of the acceptance tests", .timeLimit(.minutes(3)))
struct AcceptanceRunnerTests {
    /// Suites are named for what becomes of them: `Good…` passes, `Bad…` fails, `Flaky…` fails once, `Lost…` passes beside an
    /// issue of no suite, `Crash…` takes the runner with it once, `Hanging…` starts processes and never ends.
    private static let bundle = #"""
        #!/bin/bash
        ulimit -c 0
        here=$(dirname "$0")
        while [ $# -gt 0 ]; do
            case $1 in --filter) filter=$2 ;; --event-stream-output-path) events=$2 ;; esac
            shift
        done
        event() { echo "{\"kind\":\"event\",\"payload\":{\"kind\":\"$1\",\"testID\":\"AcceptanceTests.Acceptance$2\"$3}}" >>"$events"; }
        lost() { echo "{\"kind\":\"event\",\"payload\":{\"kind\":\"issueRecorded\"$issue}}" >>"$events"; }
        first() { [ ! -e "$here/seen-$1" ] && touch "$here/seen-$1"; }
        status=0 count=0 issue=',"issue":{"isKnown":false,"severity":"error"}'
        for suite in $(tr '()|/' '\n\n\n\n' <<<"${filter#*/}"); do
            echo "$suite" >>"$here/calls"
            event testStarted "/$suite"
            event testStarted "/$suite/test()/$suite.swift:1:2"
            case $suite in
                Bad*) event issueRecorded "/$suite/test()/$suite.swift:1:2" "$issue"; status=1 ;;
                Flaky*) if first $suite; then event issueRecorded "/$suite/test()/$suite.swift:1:2" "$issue"; status=1; fi ;;
                Lost*) lost; status=1 ;;
                Crash*) if first $suite; then printf '{"kind":"ev' >>"$events"; kill -SEGV $$; fi ;;
                Hanging*)
                    setsid sh -c 'setsid env -i sleep 4711 & echo begun >"$0/begun"; exec sleep 4711' "$here" &
                    wait ;;
            esac
            event testEnded "/$suite/test()/$suite.swift:1:2"
            event testEnded "/$suite"
            count=$((count + 1))
        done
        echo "✔ Test run with $count tests in $count suites passed after 1 seconds."
        exit $status
        """#

    private struct Stage: Sendable {
        let scratch: Scratch

        init(_ suites: [String]) throws {
            scratch = try Scratch()
            let manager = FileManager.default
            for name in ["lib", "logs"] {
                try manager.createDirectory(atPath: "\(scratch.path)/\(name)", withIntermediateDirectories: true)
            }
            for name in ["acceptance", "run-processes.sh", "test-events", "common.sh", "test-verdict.sh"] {
                try manager.copyItem(
                    atPath: "\(Checkout.root)/scripts/lib/\(name)", toPath: "\(scratch.path)/lib/\(name)")
            }
            try program("#!/bin/sh\necho true\n", "engines")
            try program(AcceptanceRunnerTests.bundle, "bundle")
            let list = suites.map { "AcceptanceTests.Acceptance/\($0)/test()\n" }.joined()
            try Data(list.utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/list"))
        }

        private func program(_ text: String, _ name: String) throws {
            let path = "\(scratch.path)/\(name)"
            guard
                FileManager.default.createFile(
                    atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o755])
            else { throw CocoaError(.fileWriteUnknown) }
        }

        var plan: ProcessPlan {
            ProcessPlan(
                "/bin/bash",
                [
                    "\(scratch.path)/lib/acceptance", "\(scratch.path)/bundle", "\(scratch.path)/list",
                    "\(scratch.path)/logs", scratch.path,
                ])
        }

        func run() async throws -> FinishedProcess {
            try await ChildProcess.run(plan, logs: scratch.path, within: .seconds(40))
        }

        /// The suites that were begun, in order.
        func calls() throws -> [String] {
            try String(contentsOfFile: "\(scratch.path)/calls", encoding: .utf8).split(separator: "\n").map(String.init)
        }

        /// What `scripts/test` says at its end.
        func verdict() async throws -> FinishedProcess {
            let script = """
                here=$0; . $0/lib/common.sh; . $0/lib/test-verdict.sh
                printf '%s\\n' 'Test case passing 1 argument → docker ' 'Test case passing 1 argument → podman ' >$0/log
                every_test_ran $0/log $0/list $0/logs/*.events
                """
            return try await ChildProcess.run(
                ProcessPlan("/bin/bash", ["-c", script, scratch.path]), logs: scratch.path, within: .seconds(20))
        }
    }

    @Test("suites that failed are run once more, alone, and each test counts once")
    func again() async throws {
        let stage = try Stage(["BadB", "FlakyA", "GoodA"])
        let run = try await stage.run()
        #expect(run.code == 1)
        #expect(run.lines == ["again, alone: BadB failed again", "again, alone: FlakyA passed"], "\(run)")
        #expect(try stage.calls() == ["BadB", "FlakyA", "GoodA", "BadB", "FlakyA"])
        for name in ["again-BadB.log", "again-FlakyA.log", "acceptance-1-1.log"] {
            #expect(stage.scratch.exists("logs/\(name)"), "\(name)")
        }
        let verdict = try await stage.verdict()
        #expect(verdict.code == 0 && verdict.errorText.contains("3 tests are listed, and each was run"), "\(verdict)")
    }

    @Test("a run is good when all that failed passes alone")
    func madeGood() async throws {
        let run = try await Stage(["FlakyA", "GoodA"]).run()
        #expect(run.code == 0 && run.lines == ["again, alone: FlakyA passed"], "\(run)")
    }

    @Test("an issue of no suite is final, whatever else failed", arguments: [["LostA"], ["FlakyB", "LostA"]])
    func lost(suites: [String]) async throws {
        let run = try await Stage(suites).run()
        #expect(run.code == 1)
        let again = suites.filter { $0 == "FlakyB" }.map { "again, alone: \($0) passed" }
        #expect(run.lines == ["acceptance-1-1: failed (1), with an issue of no suite"] + again, "\(run)")
    }

    @Test("when the runner crashes, the suites that did not end are run again, and the run has failed")
    func crash() async throws {
        let stage = try Stage(["AlsoGood", "CrashB", "GoodC"])
        let run = try await stage.run()
        #expect(run.code == 1, "\(run)")
        #expect(
            run.lines == [
                "acceptance-1-1: the runner crashed (139)", "again, alone: CrashB passed", "again, alone: GoodC passed",
            ])
        #expect(try await stage.verdict().code == 0)
    }

    @Test("what never ended is missing at the end")
    func missing() async throws {
        let stage = try Stage(["GoodA"])
        #expect(try await stage.run().code == 0)
        let more = "AcceptanceTests.Acceptance/GoodA/other()\n"
        let list = try String(contentsOfFile: "\(stage.scratch.path)/list", encoding: .utf8)
        try (list + more).write(toFile: "\(stage.scratch.path)/list", atomically: false, encoding: .utf8)
        let verdict = try await stage.verdict()
        #expect(verdict.code == 1)
        #expect(verdict.errorText.contains("not run: AcceptanceTests.Acceptance/GoodA/other()"), "\(verdict)")
    }

    @Test("more failures than load explains are final")
    func tooMany() async throws {
        let stage = try Stage((1...7).map { "Bad\($0)" })
        let run = try await stage.run()
        #expect(run.code == 1)
        #expect(run.text.hasPrefix("7 suites failed, too many to be tried again: Bad1 Bad2"), "\(run)")
        #expect(try stage.calls().count == 7)
    }

    @Test("an interrupted run ends what it started, in whatever session and with whatever environment")
    func interrupted() async throws {
        let stage = try Stage(["HangingA"])
        let (_, end) = try await ChildProcess.with(stage.plan, logs: stage.scratch.path, grace: .seconds(30)) {
            runner in
            try await eventually("the processes") { stage.scratch.exists("begun") }
            try await eventually("both sleepers") { Self.sleepers().count == 2 }
            runner.send(SIGTERM)
            try await runner.waitForEnd(within: .seconds(25))
        }
        #expect(end.process.code == 143, "\(end.process)")
        #expect(Self.sleepers() == [])
    }

    private static func sleepers() -> [Int32] {
        ProcessTable.all().filter { ProcessTable.arguments($0) == ["sleep", "4711"] && !ProcessTable.isEnded($0) }
    }
}

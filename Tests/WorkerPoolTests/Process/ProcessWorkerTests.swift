import AgentProtocol
import Foundation
import Glibc
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

/// The real agent as a local worker: what a task does and what comes back.
@Suite("Process worker: tasks", .timeLimit(.minutes(5)))
struct ProcessWorkerTests {
    @Test func aTaskRunsAndItsOutputComesBackByStream() async throws {
        try await LocalWorker.with { local in
            let begun = Date().timeIntervalSince1970
            let (record, transcript) = await local.run("echo out; echo err >&2; printf 'no newline'")
            #expect(record.stop == nil)
            #expect(record.report?.exitCode == 0)
            #expect(record.report?.outputBytes == 18)
            #expect(transcript.output == "out\nno newline")
            #expect(transcript.error == "err\n")
            #expect(transcript.all.lost == 0)
            let started = Double(try #require(transcript.all.startedAtNanos)) / 1e9
            #expect(started >= begun - 1 && started <= Date().timeIntervalSince1970 + 1)
        }
    }

    @Test func everyKindOfEndIsReportedAsItWas() async throws {
        try await LocalWorker.with { local in
            for code: Int32 in [0, 1, 75, 126, 127, 255] {
                #expect(await local.run("exit \(code)").0.report?.exitCode == code)
            }
            for signal: Int32 in [6, 9, 11, 15] {
                let report = await local.run("kill -\(signal) $$").0.report
                #expect(report?.terminationSignal == signal)
                #expect(report?.exitCode == nil)
            }
        }
    }

    @Test(
        arguments: [
            ("/no/such/program", StartFailure.Kind.notFound), ("/etc", .permissionDenied),
            ("no-such-program-anywhere", .notFound),
        ])
    func aProgramThatCanNotStartSaysWhy(_ program: String, kind: StartFailure.Kind) async throws {
        try await LocalWorker.with { local in
            var request = LocalWorker.request("")
            request.command = [program]
            let (record, transcript) = await local.run(request)
            #expect(record.report?.startFailure?.kind == kind)
            #expect(transcript.output.isEmpty)
            #expect(await local.run("exit 3", attempt: 2).0.report?.exitCode == 3)
        }
    }

    @Test func inputEnvironmentAndDirectoryReachTheTask() async throws {
        try await LocalWorker.with { local in
            var request = LocalWorker.request("cat; echo \"$GREETING|$ACODE_WORKER_ID|$(pwd)\"")
            request.stdin = Array("input\u{0}bytes\n".utf8)
            request.environment = ["GREETING": "hello"]
            request.workingDirectory = "/usr"
            let transcript = await local.run(request).1
            #expect(transcript.output == "input\u{0}bytes\nhello|\(local.worker.id)|/usr\n")
        }
    }

    @Test func theSupervisorsEnvironmentStaysItsOwn() async throws {
        setenv("ACODE_UNIT_TEST_SECRET", "visible", 1)
        defer { unsetenv("ACODE_UNIT_TEST_SECRET") }
        try await LocalWorker.with { local in
            let transcript = await local.run("env; cat /proc/$PPID/environ | tr '\\0' '\\n'").1
            #expect(transcript.output.contains("ACODE_WORKER_ID="))
            #expect(!transcript.output.contains("ACODE_UNIT_TEST_SECRET"))
        }
    }

    @Test func aTaskStartsInAnEmptyDirectoryOfItsOwn() async throws {
        try await LocalWorker.with { local in
            let first = await local.run("pwd; touch left-behind; ls").1
            #expect(first.output == "\(local.scratch.path)/state/workers/\(local.worker.id)/work\nleft-behind\n")
            #expect(await local.run("ls -A", attempt: 2).1.output == "")
        }
    }

    @Test func aTaskThatRemovesItsDirectoryHarmsNoOther() async throws {
        try await LocalWorker.with { local in
            #expect(
                await local.run("rm -rf \"$PWD\" \"$ACODE_OUTPUT_DIR\" \"$ACODE_TEMP_DIR\"").0.report?.exitCode == 0)
            let script = "pwd; touch here \"$ACODE_OUTPUT_DIR/x\" \"$ACODE_TEMP_DIR/x\""
            let (record, transcript) = await local.run(script, attempt: 2)
            #expect(record.report?.exitCode == 0)
            #expect(transcript.output == "\(local.worker.directory.workspace)\n")
        }
    }

    @Test func secretsAreFilesThatAreGoneAfterwards() async throws {
        try await LocalWorker.with { local in
            var request = LocalWorker.request(
                "cd $ACODE_SECRETS_DIR; wc -c < token; cat token; stat -c %a token; env")
            request.secrets = ["token": Array("hush\n".utf8)]
            let transcript = await local.run(request).1
            #expect(transcript.output.hasPrefix("5\n[secret token]\n400\n"))
            #expect(!transcript.output.contains("hush"))
            #expect(await local.run("ls -A $ACODE_SECRETS_DIR", attempt: 2).1.output == "")
        }
    }

    @Test func tenMegabytesOfAnyBytesArriveWholeAndInOrder() async throws {
        try await LocalWorker.with { local in
            let script = """
                i=0
                while [ $i -lt 10 ]; do
                    head -c 1048576 /dev/zero | tr '\\0' "\\\\$(printf '%03o' $i)"
                    i=$((i+1))
                done
                """
            let (record, transcript) = await local.run(script)
            #expect(record.report?.exitCode == 0)
            let output = transcript.all.output
            #expect(output.count == 10 << 20)
            for block in 0..<10 {
                #expect(output[(block << 20)..<((block + 1) << 20)].allSatisfy { $0 == UInt8(block) })
            }
            #expect(record.report?.outputBytes == 10 << 20)
            #expect(transcript.all.lost == 0)
        }
    }

    @Test func progressReachesTheObserver() async throws {
        try await LocalWorker.with { local in
            let agent = WorkerContext.builtAgent
            let (record, transcript) = await local.run("\(agent) progress 40 stacking")
            #expect(record.report?.exitCode == 0)
            #expect(transcript.all.progress == ["40.0 stacking"])
        }
    }

    @Test func aProcessLeftInTheBackgroundDiesWithItsAttempt() async throws {
        try await LocalWorker.with { local in
            let transcript = await local.run("setsid sleep 1000 >/dev/null 2>&1 & echo $!").1
            let pid = try #require(Int32(transcript.output.trimmingCharacters(in: .newlines)))
            #expect(kill(pid, 0) != 0)
            #expect(errno == ESRCH)
        }
    }

    @Test func theWorkerKnowsItsStateAndItsRowIsWrittenBeforeIt() async throws {
        let (worker, end) = try await LocalWorker.with { local in
            #expect(local.worker.status == .idle)
            #expect(local.worker.profile == .local)
            #expect(local.journal.current.map(\.id) == [local.worker.id])
            let transcript = Transcript()
            let stop = OneShot<StopIntent>()
            async let record = local.worker.execute(
                LocalWorker.request("echo; exec sleep 1000", stop: stop), observer: transcript)
            await transcript.spoke.value()
            #expect(local.worker.status == .busy)
            #expect(local.worker.currentAttempt?.taskID == "t")
            stop.set(.cancel("enough"))
            #expect(await record.report?.terminationSignal == SIGTERM)
            await local.worker.acknowledge(AttemptRef(taskID: "t", attempt: 1, token: 1))
            #expect(local.worker.status == .idle)
            #expect(local.worker.currentAttempt == nil)
            return local
        }
        #expect(end == .stopped)
        #expect(worker.worker.status == .stopped)
        #expect(worker.journal.current == [])
        #expect(!worker.scratch.exists("run/w/\(worker.worker.id)"))
        #expect(!worker.scratch.exists("state/workers/\(worker.worker.id)"))
    }
}

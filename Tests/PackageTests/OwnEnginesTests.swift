import Foundation
import TestSupport
import Testing

/// `scripts/lib/own-engines.sh` with engines that are none: `engines` says what runs, and notes what it is asked for.
@Suite("Who stops which engines", .timeLimit(.minutes(3)))
struct OwnEnginesTests {
    @Test(
        "only what a run has started is stopped by it",
        arguments: [
            (["stopped", "stopped", "stopped"], "stop docker podman postgres"),
            (["ready, version 1", "ready, version 2", "stopped"], "stop postgres"),
            (["stopped", "stopped", "ready, port 3"], "stop docker podman"),
            (["ready, version 1", "running, no answer", "ready, port 3"], ""),
        ])
    func onlyOnes(states: [String], stop: String) async throws {
        let scratch = try Scratch()
        let lines = zip(["docker", "podman", "postgres"], states).map { "\($0)\t/somewhere\t\($1)\n" }.joined()
        try Data(lines.utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/state"))
        let engines = """
            #!/bin/bash
            cd "$(dirname "$0")"
            if [ "$1" = status ]; then cat state; grep -q stopped state && exit 1; exit 0; fi
            echo "$ACODE_ENGINES_DIR $*" >>calls
            """
        #expect(
            FileManager.default.createFile(
                atPath: "\(scratch.path)/engines", contents: Data(engines.utf8), attributes: [.posixPermissions: 0o755])
        )
        let script = """
            set -euo pipefail
            here=$0 logs=$0
            die() { echo "$@"; exit 1; }
            step() { shift; "$@"; }
            . "$1"
            start_engines /tmp/place
            stop_own_engines
            cat "$0/calls"
            """
        let run = try await ChildProcess.run(
            ProcessPlan("/bin/bash", ["-c", script, scratch.path, "\(Checkout.root)/scripts/lib/own-engines.sh"]),
            logs: scratch.path, within: .seconds(20))
        #expect(
            run.code == 0 && run.lines == ["start", stop].filter { !$0.isEmpty }.map { "/tmp/place \($0)" }, "\(run)")
    }
}

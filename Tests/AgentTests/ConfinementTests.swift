import AgentProtocol
import Foundation
import Testing

@Suite("What the agent takes from its tasks", .serialized, .timeLimit(.minutes(3)))
struct ConfinementTests {
    @Test(arguments: [([], "Seccomp:\t0"), (["--refuse-escapes"], "Seccomp:\t2")])
    func isSeenInTheKernelsStatus(_ options: [String], _ line: String) async throws {
        let transcript = try await AgentFixture.connected(options: options) { _, connection in
            try connection.perform(.command(["cat", "/proc/self/status"]))
        }
        #expect(transcript.text.contains("\n\(line)\n"))
        #expect(transcript.text.contains("\nNoNewPrivs:\t1\n"))
    }

    /// The same command works without the option: these tests run as root, or with user namespaces.
    @Test(arguments: [["unshare", "--mount", "true"], ["unshare", "--user", "true"]])
    func namespacesAreRefused(_ command: [String]) async throws {
        let free = try await AgentFixture.connected { _, connection in try connection.perform(.command(command)) }
        #expect(free.exited?.exitCode == 0, "\(free.errorText)")
        let refused = try await AgentFixture.connected(options: ["--refuse-escapes"]) { _, connection in
            try connection.perform(.command(command))
        }
        #expect(refused.exited?.exitCode == 1)
        #expect(refused.errorText.contains("Operation not permitted"))
    }

    @Test func threadsAndChildrenStillWork() async throws {
        let script =
            "import threading, subprocess; t = threading.Thread(target=lambda: print('thread', flush=True));"
            + " t.start(); t.join(); subprocess.run(['echo', 'child'])"
        let transcript = try await AgentFixture.connected(options: ["--refuse-escapes"]) { _, connection in
            try connection.perform(.command(["python3", "-c", script]))
        }
        #expect(transcript.text == "thread\nchild\n", "\(transcript.errorText)")
    }
}

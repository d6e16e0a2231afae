internal import Foundation

/// A program to run and what it gets.
package struct ProcessPlan: Sendable {
    /// What it reads.
    package enum Input: Sendable {
        /// `/dev/null`.
        case nothing
        /// These bytes, then the end.
        case bytes([UInt8])
        /// A file of the host; a FIFO is fine.
        case file(String)
    }

    /// Absolute path.
    package var executable: String
    /// Without the program's own name.
    package var arguments: [String]
    /// All of it; nothing is inherited.
    package var environment: [String: String]
    /// Where it starts; `nil` is the test's own directory.
    package var directory: String?
    /// Standard input.
    package var input = Input.nothing
    /// The user and group to run as, without further groups; `nil` is the test's own.
    package var user: UInt32?

    /// The mark of this run of the tests, by which `scripts/test` finds what it has to end (`scripts/lib/run-processes.sh`).
    static let runMark = ProcessInfo.processInfo.environment["TEST_RUN"]

    /// The environment programs need to run at all.
    package static let plainEnvironment = [
        "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TEST_RUN": runMark,
    ].compactMapValues { $0 }

    /// Makes a plan.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String] = ProcessPlan.plainEnvironment,
        directory: String? = nil, input: Input = .nothing, user: UInt32? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.input = input
        self.user = user
    }

    /// The command line, for messages.
    package var line: String {
        let name = executable.split(separator: "/").last.map(String.init) ?? executable
        return ([name] + arguments).joined(separator: " ")
    }
}

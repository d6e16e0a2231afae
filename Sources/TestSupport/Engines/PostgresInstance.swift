internal import Foundation

/// A PostgreSQL server of a test's own, which it may restart, kill and pause without disturbing anybody.
package struct PostgresInstance: Sendable {
    /// Where everything of the server is.
    package let directory: String
    /// How to reach it, with the password.
    package let url: String

    /// Starts a server while `body` runs, then stops it and removes everything. Takes a few seconds.
    ///
    /// - Throws: `UnexpectedEnd` of `scripts/engines` when it can't be started or stopped; what `body` throws.
    package static func with<Value: Sendable>(
        _ body: (PostgresInstance) async throws -> Value
    ) async throws -> Value {
        // Short, because a socket is below it; by its beginning an interrupted run of the tests finds it.
        let directory = "/tmp/acode-e-\(ProcessPlan.runMark ?? "")\(UInt16.random(in: 0...(.max)))"
        let outcome: Result<Value, any Error>
        do {
            _ = try await script("start", directory)
            // A line for a shell: export ACODE_TEST_POSTGRES=URL
            let prefix = "export ACODE_TEST_POSTGRES="
            let lines = try await script("env", directory).lines
            let url = lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            outcome = .success(try await body(PostgresInstance(directory: directory, url: url ?? "")))
        } catch {
            outcome = .failure(error)
        }
        // However the body ended, nobody else stops it. In a task of its own, because a test whose time is up was cancelled.
        _ = try await Task { try await script("stop", directory) }.value
        return try outcome.get()
    }

    /// `restart`, `halt`, `kill`, `start`, `pause`, `resume`.
    ///
    /// - Throws: `UnexpectedEnd` when the script fails.
    package func control(_ verb: String) async throws { _ = try await Self.script(verb, directory) }

    private static func script(_ verb: String, _ directory: String) async throws -> FinishedProcess {
        var environment = ProcessPlan.plainEnvironment
        environment["ACODE_ENGINES_DIR"] = directory
        return try await ChildProcess.tool(
            ProcessPlan("\(Checkout.root)/scripts/engines", [verb, "postgres"], environment: environment),
            within: .seconds(60))
    }
}

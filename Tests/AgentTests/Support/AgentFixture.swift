import AgentProtocol
import Foundation
import Testing

@testable import AgentCore

/// The built agent as a process, with a scratch directory and a supervisor's socket. Cleans up whatever happens.
final class AgentFixture {
    static let agentPath =
        ProcessInfo.processInfo.environment["ACODE_AGENT_PATH"]
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(".build/debug/acode-agent").path

    let directory: URL
    private(set) var pid: Int32 = 0
    private var status: Int32?
    let workerID = "test-\(UInt32.random(in: 0 ... .max))"
    private var supervisorStore: TestSupervisor?

    var socketPath: String { directory.appendingPathComponent("agent.sock").path }
    var standardOutput: String { read("stdout") }
    var standardError: String { read("stderr") }

    private init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "agent-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    private func start(_ options: [String], _ environment: [String: String], _ standardOutput: Descriptor?) throws {
        pid = try ProcessSpawner.spawn(
            ProcessSpawner.Command(
                arguments: [Self.agentPath, "run", "--socket", socketPath, "--worker-id", workerID] + options,
                environment: environment, output: standardOutput ?? create("stdout"), error: create("stderr")))
    }

    /// Runs `body` with a started agent, on a thread that may block.
    static func with<Result: Sendable>(
        options: [String] = [], environment: [String: String] = [:], standardOutput: Int32? = nil,
        listening: Bool = true, _ body: @escaping @Sendable (AgentFixture) throws -> Result
    ) async throws -> Result {
        try await offThread {
            let fixture = try AgentFixture()
            defer { fixture.cleanUp() }
            if listening { try fixture.listen() }
            try fixture.start(options, environment, standardOutput.map { Descriptor($0) })
            do {
                return try body(fixture)
            } catch {
                Issue.record("agent's own words: \(fixture.standardError)")
                throw error
            }
        }
    }

    /// Runs `body` with a started and greeted agent.
    static func connected<Result: Sendable>(
        options: [String] = [], environment: [String: String] = [:],
        _ body: @escaping @Sendable (AgentFixture, AgentConnection) throws -> Result
    ) async throws -> Result {
        try await with(options: options, environment: environment) { fixture in
            try body(fixture, try fixture.supervisor.welcome().0)
        }
    }

    var supervisor: TestSupervisor {
        get throws { try #require(supervisorStore) }
    }

    /// Starts to listen, again after `silence`.
    func listen() throws {
        supervisorStore = try TestSupervisor(path: socketPath)
    }

    /// The supervisor is gone: nobody listens.
    func silence() {
        supervisorStore = nil
        unlink(socketPath)
    }

    /// Whether the agent has not ended yet.
    var isRunning: Bool {
        var status: Int32 = 0
        if self.status == nil, waitpid(pid, &status, WNOHANG) == pid { self.status = status }
        return self.status == nil
    }

    /// Waits for the agent's end.
    ///
    /// - Returns: its exit code, or 128 and the signal that ended it.
    func exitCode(within seconds: Double = 10) throws -> Int32 {
        try eventually("the agent's exit", within: seconds) { !isRunning }
        let status = try #require(status)
        return status & 0x7f == 0 ? status >> 8 : 128 + status & 0x7f
    }

    /// Runs the agent's program with other arguments.
    func command(_ arguments: [String], environment: [String: String] = [:]) throws -> (code: Int32, output: String) {
        let name = "command-\(UUID().uuidString)"
        let output = try create(name)
        let child = try ProcessSpawner.spawn(
            ProcessSpawner.Command(
                arguments: [Self.agentPath] + arguments, environment: environment, output: output, error: output))
        var status: Int32 = 0
        try eventually("the end of \(arguments)") { waitpid(child, &status, WNOHANG) == child }
        return (status >> 8, read(name))
    }

    private func create(_ name: String) throws -> Descriptor {
        let path = directory.appendingPathComponent(name).path
        return Descriptor(try #require(Optional(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644))))
    }

    private func read(_ name: String) -> String {
        let data = try? Data(contentsOf: directory.appendingPathComponent(name))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    private func cleanUp() {
        if pid > 0, isRunning {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        try? FileManager.default.removeItem(at: directory)
    }
}

import AgentProtocol
import Foundation
import Testing

@Suite("A start that fails", .serialized, .timeLimit(.minutes(3)))
struct StartFailureTests {
    private func failure(
        _ argv: [String], workingDirectory: String? = nil, environment: [String: String] = [:],
        prepare: @escaping @Sendable (URL) throws -> Void = { _ in }
    ) async throws -> StartFailure? {
        try await AgentFixture.connected { fixture, connection in
            try prepare(fixture.directory)
            var request = RunRequest.command(
                argv.map { $0.replacingOccurrences(of: "DIR", with: fixture.directory.path) }, environment: environment)
            request.workingDirectory = workingDirectory
            let transcript = try connection.perform(request)
            #expect(transcript.started == nil)
            #expect(transcript.exited?.waitStatus == nil)
            // It is over, so the next one runs.
            #expect(try connection.perform(.command(["true"], token: 2)).exited?.exitCode == 0)
            return transcript.exited?.startFailure
        }
    }

    /// Written by a process of its own: a child that another test forks just then would hold this process's descriptor
    /// open for a moment, and nothing can execute a file that is open for writing.
    private static func write(_ text: String, mode: Int) -> @Sendable (URL) throws -> Void {
        { directory in
            let path = directory.appendingPathComponent("file").path
            let writer = Process()
            writer.executableURL = URL(fileURLWithPath: "/bin/sh")
            writer.arguments = [
                "-c", "printf %s \"$1\" >\"$2\" && chmod \"$3\" \"$2\"", "sh", text, path, String(mode, radix: 8),
            ]
            try writer.run()
            writer.waitUntilExit()
            #expect(writer.terminationStatus == 0)
        }
    }

    @Test(arguments: ["/nowhere/command", "no-such-command-anywhere"])
    func namesAMissingCommand(_ command: String) async throws {
        let failure = try await failure([command])
        #expect(failure?.kind == .notFound)
        #expect(failure?.errno == ENOENT)
        #expect(failure?.message.contains(command) == true)
    }

    @Test func namesAMissingInterpreter() async throws {
        let failure = try await failure(["DIR/file"], prepare: Self.write("#!/no/such/interpreter\n", mode: 0o755))
        #expect(failure?.kind == .notFound)
        #expect(failure?.message.contains("interpreter") == true)
    }

    @Test func namesAFileThatMayNotBeExecuted() async throws {
        let failure = try await failure(["DIR/file"], prepare: Self.write("#!/bin/sh\n", mode: 0o644))
        #expect(failure?.kind == .permissionDenied)
        #expect(failure?.errno == EACCES)
    }

    @Test func namesADirectoryAsNotExecutable() async throws {
        #expect(try await failure(["/usr"])?.kind == .permissionDenied)
    }

    @Test func namesAFileThatIsNoProgram() async throws {
        let failure = try await failure(["DIR/file"], prepare: Self.write("just text", mode: 0o755))
        #expect(failure?.kind == .notExecutable)
        #expect(failure?.errno == ENOEXEC)
    }

    @Test(arguments: ["/no/such/directory", "/etc/passwd"])
    func namesAWorkingDirectoryThatIsNone(_ path: String) async throws {
        let failure = try await failure(["true"], workingDirectory: path)
        #expect(failure?.kind == .workingDirectory)
        #expect(failure?.message.contains(path) == true)
    }

    @Test func namesTooLongAnArgument() async throws {
        let failure = try await failure(["true", String(repeating: "x", count: 200_000)])
        #expect(failure?.kind == .other)
        #expect(failure?.errno == E2BIG)
    }

    @Test(arguments: [[], [""], ["a\0b"]])
    func namesAnInvalidRequest(_ argv: [String]) async throws {
        let failure = try await failure(argv)
        #expect(failure?.kind == .other)
        #expect(failure?.errno == 0)
    }
}

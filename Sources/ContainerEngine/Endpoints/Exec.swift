// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import FoundationEssentials
package import HTTPTransport

/// A command to run in a container that runs already.
package struct ExecConfiguration: Sendable, Equatable {
    /// The program and its arguments.
    package var command: [String]
    /// Whether what is sent reaches its standard input.
    package var attachesInput: Bool
    /// Whether it gets a terminal.
    package var hasTerminal: Bool
    /// Added to the container's environment.
    package var environment: [String: String]
    /// Where it starts; `nil` is the container's own directory.
    package var workingDirectory: String?

    /// Puts a command together.
    package init(
        command: [String], attachesInput: Bool = false, hasTerminal: Bool = false, environment: [String: String] = [:],
        workingDirectory: String? = nil
    ) {
        self.command = command
        self.attachesInput = attachesInput
        self.hasTerminal = hasTerminal
        self.environment = environment
        self.workingDirectory = workingDirectory
    }
}

/// Whether an exec'd command runs, and its exit code when it has ended.
package struct ExecState: Sendable, Equatable {
    /// Whether it runs.
    package let isRunning: Bool
    /// 128+n for signals; of no meaning while it runs.
    package let exitCode: Int32?
}

extension EngineClient {
    /// Prepares a command in a running container and returns its id. `POST /containers/{id}/exec`
    ///
    /// - Throws: `not_found`, `conflict` when the container does not run.
    package func createExec(_ container: String, _ configuration: ExecConfiguration) async throws(EngineError) -> String
    {
        struct Body: Encodable {
            let AttachStdin: Bool
            let AttachStdout = true
            let AttachStderr = true
            let Tty: Bool
            let Cmd: [String]
            let Env: [String]
            let WorkingDir: String?
            // The engines' own keys would swallow Ctrl-P, which shells use.
            let DetachKeys = "ctrl-],ctrl-_,ctrl-]"
        }
        struct Answer: Decodable { let Id: String }
        var request = self.container(.createExec, .post, container, "/exec")
        do {
            try request.setJSON(
                Body(
                    AttachStdin: configuration.attachesInput, Tty: configuration.hasTerminal,
                    Cmd: configuration.command,
                    Env: configuration.environment.map { "\($0.key)=\($0.value)" }.sorted(),
                    WorkingDir: configuration.workingDirectory))
        } catch {
            throw self.error(.invalidRequest, .request, .createExec, "the command can't be written as JSON")
        }
        return try await fetch(Answer.self, request).Id
    }

    /// Starts a prepared command and returns the connection that carries its input and output: frames, or plain bytes
    /// with a terminal. Blocks, so it is for a thread of its own. `POST /exec/{id}/start`
    ///
    /// - Throws: `conflict` when the container has ended meanwhile.
    package func startExec(_ id: String, hasTerminal: Bool) throws(EngineError) -> UpgradedConnection {
        let request = EngineRequest(.startExec, .post, "/exec/\(id.percentEncoded())/start")
        let connection: UpgradedConnection
        do throws(TransportError) {
            connection = try UpgradedConnection.post(
                "/v\(identity.apiVersion)\(request.path)", json: Array(#"{"Detach":false,"Tty":\#(hasTerminal)}"#.utf8),
                socketPath: endpoint.socketPath)
        } catch {
            throw transportError(error, request)
        }
        guard [101, 200].contains(connection.head.status) else {
            throw statusError(connection.head.status, connection.head.body, request)
        }
        return connection
    }

    /// What became of a command. `GET /exec/{id}/json`
    package func inspectExec(_ id: String) async throws(EngineError) -> ExecState {
        struct Answer: Decodable {
            let Running: Bool
            let ExitCode: Int32?
        }
        let answer = try await fetch(
            Answer.self, EngineRequest(.inspectExec, .get, "/exec/\(id.percentEncoded())/json"))
        return ExecState(isRunning: answer.Running, exitCode: answer.ExitCode)
    }

    /// Tells the terminal of a command its size. `POST /exec/{id}/resize`
    package func resizeExec(_ id: String, rows: Int, columns: Int) async throws(EngineError) {
        var request = EngineRequest(.resizeExec, .post, "/exec/\(id.percentEncoded())/resize")
        request.query = [("h", String(rows)), ("w", String(columns))]
        _ = try await call(request)
    }
}

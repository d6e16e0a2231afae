internal import Foundation

extension EngineAPI {
    /// The containers with a label `key=value`, in any state.
    package func containers(label: String) async throws -> [JSONValue] {
        try await json("GET", "/containers/json?all=1&filters=\(Self.filters(label))").elements
    }

    /// Everything about a container.
    package func inspect(_ id: String) async throws -> JSONValue { try await json("GET", "/containers/\(id)/json") }

    /// What a container wrote, stream by stream, as `docker logs` shows it.
    package func logs(_ id: String) async throws -> LogFrames {
        let answer = try await call("GET", "/containers/\(id)/logs?stdout=1&stderr=1")
        guard answer.status == 200 else { throw EngineRefusal(request: "logs of \(id)", answer: answer) }
        return LogFrames(answer.body)
    }

    /// Kills a container, as somebody who knows nothing of the product would.
    package func kill(_ id: String, signal: String = "KILL") async throws {
        _ = try await call("POST", "/containers/\(id)/kill?signal=\(signal)")
    }

    /// Kills and removes a container and its anonymous volumes.
    package func remove(_ id: String) async throws {
        // Podman would wait for the stop time-out first when it is told to remove a running container, and its `kill`
        // takes 20 s where there is a restart policy.
        _ = try await call("POST", "/containers/\(id)/stop?t=0")
        _ = try await call("DELETE", "/containers/\(id)?force=1&v=1")
    }

    /// Runs a command in a container and returns what it printed.
    ///
    /// - Throws: `EngineRefusal`.
    package func execute(_ command: [String], in id: String, user: String? = nil) async throws -> String {
        try await executed(command, in: id, user: user).text
    }

    /// Runs a command in a container and returns its output, both streams, with its exit code.
    package func executed(
        _ command: [String], in id: String, user: String? = nil
    ) async throws -> (text: String, code: Int?) {
        var body: [String: JSONValue] = [
            "AttachStdout": true, "AttachStderr": true, "Cmd": .array(command.map { .string($0) }),
        ]
        if let user { body["User"] = .string(user) }
        let exec = try await json("POST", "/containers/\(id)/exec", body: .object(body))["Id"].string ?? ""
        let answer = try await call("POST", "/exec/\(exec)/start", body: ["Detach": false, "Tty": false])
        return (LogFrames(answer.body).all.text, try await json("GET", "/exec/\(exec)/json")["ExitCode"].int)
    }

    /// The ids of volumes and networks with a label, which nothing may leave behind either.
    package func volumesAndNetworks(label: String) async throws -> [String] {
        let filters = try Self.filters(label)
        let volumes = try await json("GET", "/volumes?filters=\(filters)")["Volumes"].elements
        let networks = try await json("GET", "/networks?filters=\(filters)").elements
        return volumes.compactMap { $0["Name"].string } + networks.compactMap { $0["Id"].string }
    }
}

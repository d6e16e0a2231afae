package import FoundationEssentials
internal import HTTPTransport

extension EngineClient {
    /// Asks whether the engine answers at all, and who it is. `GET /_ping`
    ///
    /// - Throws: `no_answer` when it accepts but does not answer in time; `not_an_engine`.
    @discardableResult
    package func ping(timeout: Duration = .seconds(3)) async throws(EngineError) -> EngineIdentity {
        var request = EngineRequest(.ping, .get, "/_ping")
        request.isVersioned = false
        // Docker goes on answering on old connections while it ends its containers.
        request.needsNewConnection = true
        request.limits = .init(total: timeout, responseBytes: 64 << 10)
        do throws(EngineError) {
            let response = try await call(request)
            do throws(PingAnswer.Problem) {
                return try PingAnswer(response).identity
            } catch {
                throw self.error(
                    .notAnEngine, .decoding, .ping, path: request.path,
                    "what answers at \(endpoint.socketPath) is no engine: \(error)")
            }
        } catch {
            guard error.code == .timedOut else { throw error }
            throw EngineError(
                .noAnswer, layer: .transport, operation: .ping, endpoint: endpoint.socketPath, path: "/_ping",
                message: error.message, cause: error.cause)
        }
    }

    /// What the engine and its host can do. `GET /info`; 5 ms on Docker, 200 ms on Podman.
    package func info() async throws(EngineError) -> EngineInfo {
        try await fetch(EngineInfo.self, EngineRequest(.info, .get, "/info"))
    }

    /// The versions of everything. `GET /version`; 5 ms on Docker, 300 ms on Podman.
    package func version() async throws(EngineError) -> EngineVersion {
        try await fetch(EngineVersion.self, EngineRequest(.version, .get, "/version"))
    }

    /// Events of containers with all these labels. `GET /events`
    ///
    /// Returns when the engine has subscribed us: what happens after that is in the stream.
    ///
    /// - Parameters:
    ///   - labels: key and value; all must match.
    ///   - since: replays what the engine still remembers from then on.
    package func events(labels: [String: String], since: Date? = nil) async throws(EngineError) -> EventStream {
        var request = EngineRequest(.events, .get, "/events")
        request.addFilters(["label": labels.filters, "type": ["container"]])
        if let since { request.query.append(("since", EngineTime.query(since))) }
        request.limits = .init(total: nil, head: .seconds(15))
        return EventStream(stream: try await open(request), client: self)
    }
}

extension [String: String] {
    /// As the engine's label filters: `key=value`.
    var filters: [String] { map { "\($0.key)=\($0.value)" }.sorted() }
}

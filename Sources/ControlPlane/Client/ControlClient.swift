package import ContainerEngine
package import Foundation
internal import HTTPTransport

/// Asks the supervisor behind one control socket. Each call has a deadline and throws `ControlClientError`; cancelling
/// the calling task ends the request.
package struct ControlClient: Sendable {
    /// The socket.
    package let socketPath: String
    private let transport: HTTPTransport
    private let deadline: Duration

    /// Makes a client; connects with the first call.
    package init(socketPath: String, deadline: Duration = .seconds(10)) {
        self.socketPath = socketPath
        self.deadline = deadline
        transport = HTTPTransport(socketPath: socketPath)
    }

    /// What the supervisor is doing. `GET /v1/status`
    package func status() async throws(ControlClientError) -> SupervisorSummary {
        try await call(.get, "/v1/status", as: SupervisorSummary.self)
    }

    /// Its workers. `GET /v1/workers`
    package func workers() async throws(ControlClientError) -> [WorkerSummary] {
        try await call(.get, "/v1/workers", as: [WorkerSummary].self)
    }

    /// One worker. `GET /v1/workers/{id}`
    package func worker(_ id: String) async throws(ControlClientError) -> WorkerSummary {
        try await call(.get, "/v1/workers/\(Self.segment(id))", as: WorkerSummary.self)
    }

    /// Everything about one worker. `GET /v1/workers/{id}/inspection`
    package func inspection(ofWorker id: String) async throws(ControlClientError) -> WorkerInspection {
        try await call(.get, "/v1/workers/\(Self.segment(id))/inspection", as: WorkerInspection.self)
    }

    /// Makes it look for tasks now. `POST /v1/wake`
    package func wake() async throws(ControlClientError) {
        _ = try await call(.post, "/v1/wake", as: Accepted.self)
    }

    /// Makes it look now whether running tasks were cancelled. `POST /v1/check`
    package func checkLeases() async throws(ControlClientError) {
        _ = try await call(.post, "/v1/check", as: Accepted.self)
    }

    /// Ends it, gracefully or at once; returns when it has understood. `POST /v1/stop`
    package func stop(force: Bool) async throws(ControlClientError) {
        _ = try await call(.post, "/v1/stop", body: StopRequest(force: force), as: Accepted.self)
    }

    /// Ends it when what runs has finished; returns when it has understood. `POST /v1/drain`
    package func drain() async throws(ControlClientError) {
        _ = try await call(.post, "/v1/drain", as: Accepted.self)
    }

    /// Makes it remove what is nobody's of its pool, and returns what it found. May take minutes. `POST /v1/gc`
    package func collectGarbage(dryRun: Bool) async throws(ControlClientError) -> [GarbageItem] {
        try await call(
            .post, "/v1/gc", body: GarbageRequest(dryRun: dryRun), within: .seconds(300), as: [GarbageItem].self)
    }

    /// Makes it leave its workers to whoever asks and end; returns when it is about to let go, which takes `limit` at most.
    /// `POST /v1/handover`
    package func handOver(within limit: Duration) async throws(ControlClientError) {
        let body = HandoverRequest(limitSeconds: limit / .seconds(1))
        _ = try await call(.post, "/v1/handover", body: body, within: limit + deadline, as: Accepted.self)
    }

    /// Stops one worker; returns when it has understood. `POST /v1/workers/{id}/stop`
    package func stopWorker(_ id: String, force: Bool) async throws(ControlClientError) {
        let path = "/v1/workers/\(Self.segment(id))/stop"
        _ = try await call(.post, path, body: StopRequest(force: force), as: Accepted.self)
    }

    /// Replaces one worker and forgets its failures; returns when it has understood. `POST /v1/workers/{id}/restart`
    package func restartWorker(_ id: String, force: Bool) async throws(ControlClientError) {
        let path = "/v1/workers/\(Self.segment(id))/restart"
        _ = try await call(.post, path, body: StopRequest(force: force), as: Accepted.self)
    }

    /// Replaces every worker and forgets all failures; returns when it has understood. `POST /v1/restart`
    package func restartAll(force: Bool) async throws(ControlClientError) {
        _ = try await call(.post, "/v1/restart", body: StopRequest(force: force), as: Accepted.self)
    }

    /// Changes how many tasks run at once. `POST /v1/scale`
    package func scale(to count: Int) async throws(ControlClientError) {
        _ = try await call(.post, "/v1/scale", body: ScaleRequest(count: count), as: Accepted.self)
    }

    /// Why it is not ready, empty when it is. `GET /readyz`
    package func readiness() async throws(ControlClientError) -> [String] {
        let response = try await send(.get, "/readyz", body: .none)
        return try decode(Health.self, response).reasons
    }

    /// How many tasks are in each state. `GET /queue/status`
    package func queueStatus() async throws(ControlClientError) -> QueueStatus {
        try await call(.get, "/queue/status", as: QueueStatus.self)
    }

    /// All metrics as Prometheus text. `GET /metrics`
    package func metricsText() async throws(ControlClientError) -> String {
        String(decoding: try accepted(try await send(.get, "/metrics", body: .none)).body, as: UTF8.self)
    }

    /// Hands a worker's own output up to now to `body` piece by piece. A pause of more than the client's deadline is an
    /// error. `GET /v1/workers/{id}/logs`
    package func workerLogs(
        _ id: String, tail: Int?, since: Date? = nil, body: (LogFrame) async -> Void
    ) async throws(ControlClientError) {
        let terms = [tail.map { "tail=\($0)" }, since.map { "since=\($0.timeIntervalSince1970)" }].compactMap { $0 }
        let query = terms.isEmpty ? "" : "?" + terms.joined(separator: "&")
        let limits = HTTPRequest.Limits(total: nil, head: deadline, idle: deadline)
        let request = HTTPRequest(.get, "/v1/workers/\(Self.segment(id))/logs\(query)", limits: limits)
        var decoder = LogFrameDecoder()
        let stream = try await open(request)
        do throws(TransportError) {
            while let piece = try await stream.next() {
                decoder.append(piece)
                while let frame = try frame(of: &decoder) { await body(frame) }
            }
        } catch {
            throw ControlClientError(error, socketPath: socketPath)
        }
        if decoder.bufferedCount > 0 { throw ControlClientError(.connectionLost, "the worker's output was cut off") }
    }

    private func frame(of decoder: inout LogFrameDecoder) throws(TransportError) -> LogFrame? {
        do throws(LogFrameDecoder.Malformed) {
            return try decoder.next()
        } catch {
            throw TransportError(.malformedAnswer, error.description)
        }
    }

    // MARK: Exchanges

    private func open(_ request: HTTPRequest) async throws(ControlClientError) -> HTTPStream {
        let refusal: HTTPResponse
        do throws(TransportError) {
            let stream = try await transport.stream(request)
            if stream.head.status == 200 { return stream }
            refusal = HTTPResponse(head: stream.head, body: try await stream.collect(upTo: 64 << 10))
        } catch {
            throw ControlClientError(error, socketPath: socketPath)
        }
        _ = try accepted(refusal)
        throw ControlClientError(.decoding, "an answer with status \(refusal.status) where 200 was expected")
    }

    private func call<Answer: Decodable>(
        _ method: HTTPRequest.Method, _ target: String, body: (any Encodable & Sendable)? = nil,
        within limit: Duration? = nil, as type: Answer.Type
    ) async throws(ControlClientError) -> Answer {
        var content = HTTPRequest.Body.none
        if let body {
            guard let bytes = try? StableJSON.encode(body) else {
                throw ControlClientError(.decoding, "the request can't be written as JSON")
            }
            content = .bytes(bytes)
        }
        return try decode(type, try accepted(try await send(method, target, body: content, within: limit)))
    }

    private func send(
        _ method: HTTPRequest.Method, _ target: String, body: HTTPRequest.Body, within limit: Duration? = nil
    ) async throws(ControlClientError) -> HTTPResponse {
        do throws(TransportError) {
            return try await transport.send(
                HTTPRequest(method, target, body: body, limits: HTTPRequest.Limits(total: limit ?? deadline)))
        } catch {
            throw ControlClientError(error, socketPath: socketPath)
        }
    }

    /// The answer, unless it is a failure.
    private func accepted(_ response: HTTPResponse) throws(ControlClientError) -> HTTPResponse {
        guard response.status >= 400 else { return response }
        guard let failure = try? StableJSON.decode(FailureEnvelope.self, from: response.body).error else {
            throw ControlClientError(.decoding, "an answer with status \(response.status) and no reason")
        }
        throw ControlClientError(.refused, failure.message, failure: failure)
    }

    private func decode<Answer: Decodable>(
        _ type: Answer.Type, _ response: HTTPResponse
    ) throws(ControlClientError) -> Answer {
        do {
            return try StableJSON.decode(type, from: response.body)
        } catch {
            throw ControlClientError(
                .decoding, "the supervisor's answer can't be read; it may run another version of acode")
        }
    }

    private static func segment(_ id: String) -> String {
        id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? id
    }
}
